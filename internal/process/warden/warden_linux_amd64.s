#include "go_asm.h"
#include "textflag.h"

#define SYS_read 0
#define SYS_write 1
#define SYS_close 3
#define SYS_munmap 11
#define SYS_rt_sigaction 13
#define SYS_rt_sigprocmask 14
#define SYS_getpid 39
#define SYS_clone 56
#define SYS_execve 59
#define SYS_wait4 61
#define SYS_kill 62
#define SYS_setpgid 109
#define SYS_getppid 110
#define SYS_setsid 112
#define SYS_rt_sigtimedwait 128
#define SYS_prctl 157
#define SYS_exit_group 231
#define SYS_prlimit64 302
#define SYS_close_range 436

#define SIG_SETMASK 2
#define SIGTERM 15
#define SIGCHLD 17
#define SIGCONT 18
#define CLONE_VM_VFORK 0x4100
#define PR_SET_PDEATHSIG 1
#define PR_SET_NAME 15
#define PR_SET_CHILD_SUBREAPER 36
#define RLIMIT_NOFILE 7
#define WNOHANG_WUNTRACED 3
#define WUNTRACED 2
#define EINTR 4
#define ECHILD 10
#define EXIT_FAILED 127

#define SYSTEM(number) \
	MOVL $number, AX \
	SYSCALL

// PRCTL takes the value from SI.
#define PRCTL(option) \
	MOVL $option, DI \
	XORL DX, DX      \
	XORL R10, R10    \
	XORL R8, R8      \
	SYSTEM(SYS_prctl)

// MASK sets the mask of signals to that at SI, and keeps the old one at DX.
#define MASK \
	MOVL $SIG_SETMASK, DI \
	MOVL $8, R10          \
	SYSTEM(SYS_rt_sigprocmask)

// ACTION sets what happens at the signal in R13 to that at SI, and keeps the old one at DX.
#define ACTION \
	MOVQ R13, DI \
	MOVL $8, R10 \
	SYSTEM(SYS_rt_sigaction)

#define CLONE(flags) \
	MOVL $(flags), DI \
	XORL SI, SI       \
	XORL DX, DX       \
	XORL R10, R10     \
	XORL R8, R8       \
	SYSTEM(SYS_clone)

#define UNMAP(i) \
	MOVQ (state_unmap+16*i)(R12), DI   \
	MOVQ (state_unmap+16*i+8)(R12), SI \
	SYSTEM(SYS_munmap)

#define REPORT \
	MOVQ state_socket(R12), DI \
	LEAQ state_report(R12), SI \
	MOVL $16, DX               \
	SYSTEM(SYS_write)

// func code() uintptr
TEXT ·code(SB), NOSPLIT, $0-8
	LEAQ ·fork(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func fork(s *state) (pid int)
//
// R12 is the state. R13 counts. The warden has the runner's pid in R14, and the options of wait4 in R15. It uses no
// stack: its own is given back. System calls keep all registers but AX, CX and R11.
TEXT ·fork(SB), NOSPLIT, $0-16
	MOVQ s+0(FP), R12
	LEAQ state_masks(R12), SI
	LEAQ (state_masks+8)(R12), DX
	MASK
	CLONE(SIGCHLD)
	TESTQ AX, AX
	JEQ  warden
	MOVQ AX, R13
	LEAQ (state_masks+8)(R12), SI
	XORL DX, DX
	MASK
	MOVQ R13, pid+8(FP)
	RET

warden:
	SYSTEM(SYS_getpid)
	MOVQ AX, state_self(R12)

	// No handler may run in the runner before its exec: it shares our memory.
	MOVL $1, R13

action:
	XORL SI, SI
	LEAQ state_action(R12), DX
	ACTION
	CMPQ state_action(R12), $1
	JLS  ignored
	LEAQ state_none(R12), SI
	XORL DX, DX
	ACTION

ignored:
	INCL R13
	CMPL R13, $64
	JLS  action

	MOVL $1, SI
	PRCTL(PR_SET_CHILD_SUBREAPER)
	TESTQ AX, AX
	JLT  failed
	LEAQ state_name(R12), SI
	PRCTL(PR_SET_NAME)
	MOVL $SIGTERM, SI
	PRCTL(PR_SET_PDEATHSIG)
	SYSTEM(SYS_getppid)
	CMPQ AX, state_guardian(R12)
	JNE  exit

	CLONE(CLONE_VM_VFORK+SIGCHLD)
	TESTQ AX, AX
	JLT  failed
	JEQ  runner
	MOVQ AX, R14
	CMPQ state_failed(R12), $0
	JLT  unstarted

	// Out of the reach of what is sent to the group or the session.
	SYSTEM(SYS_setsid)
	TESTQ AX, AX
	JGE  apart
	XORL DI, DI
	XORL SI, SI
	SYSTEM(SYS_setpgid)

apart:
	MOVQ R14, state_report(R12)
	REPORT

	// Nobody should wait for a second holder of the standard files.
	XORL DI, DI
	MOVQ state_socket(R12), SI
	DECQ SI
	XORL DX, DX
	SYSTEM(SYS_close_range)
	TESTQ AX, AX
	JLT  each
	MOVQ state_socket(R12), DI
	INCQ DI
	MOVL $-1, SI
	XORL DX, DX
	SYSTEM(SYS_close_range)
	JMP  closed

each:
	MOVL $1023, R13

close:
	CMPQ R13, state_socket(R12)
	JEQ  kept
	MOVQ R13, DI
	SYSTEM(SYS_close)

kept:
	DECQ R13
	JGE  close

closed:
	UNMAP(0)
	UNMAP(1)
	UNMAP(2)

wait:
	LEAQ state_waited(R12), DI
	XORL SI, SI
	XORL DX, DX
	MOVL $8, R10
	SYSTEM(SYS_rt_sigtimedwait)
	MOVL $WNOHANG_WUNTRACED, R15
	TESTQ AX, AX
	JGT  woken
	CMPQ AX, $-EINTR
	JEQ  woken
	MOVL $WUNTRACED, R15 // there is no such call: wait4 waits

woken:
	SYSTEM(SYS_getppid)
	CMPQ AX, state_guardian(R12)
	JEQ  reap
	CMPQ state_told(R12), $0
	JNE  reap
	MOVQ $1, state_told(R12)
	MOVQ R14, DI
	MOVL $SIGTERM, SI
	SYSTEM(SYS_kill)
	MOVQ R14, DI
	MOVL $SIGCONT, SI
	SYSTEM(SYS_kill)

reap:
	MOVQ $-1, DI
	LEAQ state_status(R12), SI
	MOVQ R15, DX
	XORL R10, R10
	SYSTEM(SYS_wait4)
	CMPQ AX, R14
	JEQ  changed
	TESTQ AX, AX
	JGT  reap
	CMPQ AX, $-ECHILD
	JEQ  ended
	JMP  wait

changed:
	MOVQ R14, state_report(R12)
	MOVQ state_status(R12), AX
	MOVQ AX, (state_report+8)(R12)
	REPORT
	MOVQ state_status(R12), AX
	ANDL $0xff, AX
	CMPL AX, $0x7f // it has stopped
	JEQ  reap

ended:
	MOVQ state_socket(R12), DI
	MOVQ state_word(R12), SI
	MOVL $(const_wordSize-1), DX
	SYSTEM(SYS_read)
	TESTQ AX, AX
	JLE  clean
	MOVQ state_word(R12), SI
	CMPB (SI), $0x64 // Leave
	JEQ  exit

clean:
	// The program that ends leftovers is not to be ended by signals. Several come when the guardian ends, one for each
	// of its threads. Those that are pending are dropped.
	XORL SI, SI
	PRCTL(PR_SET_PDEATHSIG)
	MOVL $1, R13

ignore:
	CMPL R13, $SIGCHLD
	JEQ  next
	LEAQ state_ignore(R12), SI
	XORL DX, DX
	ACTION

next:
	INCL R13
	CMPL R13, $31
	JLS  ignore
	LEAQ (state_masks+8)(R12), SI
	XORL DX, DX
	MASK
	MOVQ state_cleaner(R12), DI
	MOVQ state_words(R12), SI
	MOVQ state_envp(R12), DX
	SYSTEM(SYS_execve)
	JMP  exit

unstarted:
	MOVQ R14, DI
	XORL SI, SI
	XORL DX, DX
	XORL R10, R10
	SYSTEM(SYS_wait4)
	MOVQ state_failed(R12), AX

failed: // with the error in AX
	MOVQ AX, state_report(R12)
	REPORT

exit:
	XORL DI, DI
	SYSTEM(SYS_exit_group)
	INT  $3

runner:
	MOVL $SIGTERM, SI
	PRCTL(PR_SET_PDEATHSIG)
	SYSTEM(SYS_getppid)
	CMPQ AX, state_self(R12)
	JNE  exit
	MOVQ state_limit(R12), DX
	TESTQ DX, DX
	JEQ  program
	XORL DI, DI
	MOVL $RLIMIT_NOFILE, SI
	XORL R10, R10
	SYSTEM(SYS_prlimit64)

program:
	LEAQ (state_masks+8)(R12), SI
	XORL DX, DX
	MASK
	MOVQ state_path(R12), DI
	MOVQ state_argv(R12), SI
	MOVQ state_envp(R12), DX
	SYSTEM(SYS_execve)
	MOVQ AX, state_failed(R12)
	MOVL $EXIT_FAILED, DI
	SYSTEM(SYS_exit_group)
	INT  $3
