#include "go_asm.h"
#include "textflag.h"

#define SYS_close 57
#define SYS_read 63
#define SYS_write 64
#define SYS_exit_group 94
#define SYS_kill 129
#define SYS_rt_sigaction 134
#define SYS_rt_sigprocmask 135
#define SYS_rt_sigtimedwait 137
#define SYS_setpgid 154
#define SYS_setsid 157
#define SYS_prctl 167
#define SYS_getpid 172
#define SYS_getppid 173
#define SYS_munmap 215
#define SYS_clone 220
#define SYS_execve 221
#define SYS_wait4 260
#define SYS_prlimit64 261
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
	MOVD $number, R8 \
	SVC

// PRCTL takes the value from R1.
#define PRCTL(option) \
	MOVD $option, R0 \
	MOVD $0, R2      \
	MOVD $0, R3      \
	MOVD $0, R4      \
	SYSTEM(SYS_prctl)

// MASK sets the mask of signals to that at R1, and keeps the old one at R2.
#define MASK \
	MOVD $SIG_SETMASK, R0 \
	MOVD $8, R3           \
	SYSTEM(SYS_rt_sigprocmask)

// ACTION sets what happens at the signal in R22 to that at R1, and keeps the old one at R2.
#define ACTION \
	MOVD R22, R0 \
	MOVD $8, R3  \
	SYSTEM(SYS_rt_sigaction)

#define UNMAP(i) \
	MOVD (state_unmap+16*i)(R19), R0   \
	MOVD (state_unmap+16*i+8)(R19), R1 \
	SYSTEM(SYS_munmap)

#define REPORT \
	MOVD state_socket(R19), R0       \
	ADD  $(state_report), R19, R1    \
	MOVD $16, R2                     \
	SYSTEM(SYS_write)

#define CLONE(flags) \
	MOVD $(flags), R0 \
	MOVD $0, R1       \
	MOVD $0, R2       \
	MOVD $0, R3       \
	MOVD $0, R4       \
	SYSTEM(SYS_clone)

// func code() uintptr
TEXT ·code(SB), NOSPLIT, $0-8
	MOVD $·fork(SB), R0
	MOVD R0, ret+0(FP)
	RET

// func fork(s *state) (pid int)
//
// R19 is the state. R22 counts. The warden has the runner's pid in R20, and the options of wait4 in R21. It uses no
// stack: its own is given back. System calls keep all registers but R0.
TEXT ·fork(SB), NOSPLIT, $0-16
	MOVD s+0(FP), R19
	ADD  $(state_masks), R19, R1
	ADD  $(state_masks+8), R19, R2
	MASK
	CLONE(SIGCHLD)
	CBZ  R0, warden
	MOVD R0, R22
	ADD  $(state_masks+8), R19, R1
	MOVD $0, R2
	MASK
	MOVD R22, pid+8(FP)
	RET

warden:
	SYSTEM(SYS_getpid)
	MOVD R0, state_self(R19)

	// No handler may run in the runner before its exec: it shares our memory.
	MOVD $1, R22

action:
	MOVD $0, R1
	ADD  $(state_action), R19, R2
	ACTION
	MOVD state_action(R19), R0
	CMP  $1, R0
	BLS  ignored
	ADD  $(state_none), R19, R1
	MOVD $0, R2
	ACTION

ignored:
	ADD  $1, R22
	CMP  $64, R22
	BLS  action

	MOVD $1, R1
	PRCTL(PR_SET_CHILD_SUBREAPER)
	CMP  $0, R0
	BLT  failed
	ADD  $(state_name), R19, R1
	PRCTL(PR_SET_NAME)
	MOVD $SIGTERM, R1
	PRCTL(PR_SET_PDEATHSIG)
	SYSTEM(SYS_getppid)
	MOVD state_guardian(R19), R1
	CMP  R1, R0
	BNE  exit

	CLONE(CLONE_VM_VFORK+SIGCHLD)
	CMP  $0, R0
	BLT  failed
	BEQ  runner
	MOVD R0, R20
	MOVD state_failed(R19), R0
	CMP  $0, R0
	BLT  unstarted

	// Out of the reach of what is sent to the group or the session.
	SYSTEM(SYS_setsid)
	CMP  $0, R0
	BGE  apart
	MOVD $0, R0
	MOVD $0, R1
	SYSTEM(SYS_setpgid)

apart:
	MOVD R20, state_report(R19)
	REPORT

	// Nobody should wait for a second holder of the standard files.
	MOVD $0, R0
	MOVD state_socket(R19), R1
	SUB  $1, R1
	MOVD $0, R2
	SYSTEM(SYS_close_range)
	CMP  $0, R0
	BLT  each
	MOVD state_socket(R19), R0
	ADD  $1, R0
	MOVD $0xffffffff, R1
	MOVD $0, R2
	SYSTEM(SYS_close_range)
	B    closed

each:
	MOVD $1023, R22

close:
	MOVD state_socket(R19), R1
	CMP  R1, R22
	BEQ  kept
	MOVD R22, R0
	SYSTEM(SYS_close)

kept:
	SUBS $1, R22
	BGE  close

closed:
	UNMAP(0)
	UNMAP(1)
	UNMAP(2)

wait:
	ADD  $(state_waited), R19, R0
	MOVD $0, R1
	MOVD $0, R2
	MOVD $8, R3
	SYSTEM(SYS_rt_sigtimedwait)
	MOVD $WNOHANG_WUNTRACED, R21
	CMP  $0, R0
	BGT  woken
	CMN  $EINTR, R0
	BEQ  woken
	MOVD $WUNTRACED, R21 // there is no such call: wait4 waits

woken:
	SYSTEM(SYS_getppid)
	MOVD state_guardian(R19), R1
	CMP  R1, R0
	BEQ  reap
	MOVD state_told(R19), R1
	CBNZ R1, reap
	MOVD $1, R1
	MOVD R1, state_told(R19)
	MOVD R20, R0
	MOVD $SIGTERM, R1
	SYSTEM(SYS_kill)
	MOVD R20, R0
	MOVD $SIGCONT, R1
	SYSTEM(SYS_kill)

reap:
	MOVD $-1, R0
	ADD  $(state_status), R19, R1
	MOVD R21, R2
	MOVD $0, R3
	SYSTEM(SYS_wait4)
	CMP  R20, R0
	BEQ  changed
	CMP  $0, R0
	BGT  reap
	CMN  $ECHILD, R0
	BEQ  ended
	B    wait

changed:
	MOVD R20, state_report(R19)
	MOVD state_status(R19), R0
	MOVD R0, (state_report+8)(R19)
	REPORT
	MOVD state_status(R19), R0
	AND  $0xff, R0
	CMP  $0x7f, R0 // it has stopped
	BEQ  reap

ended:
	MOVD state_socket(R19), R0
	MOVD state_word(R19), R1
	MOVD $(const_wordSize-1), R2
	SYSTEM(SYS_read)
	CMP  $0, R0
	BLE  clean
	MOVD state_word(R19), R1
	MOVBU (R1), R1
	CMP  $0x64, R1 // Leave
	BEQ  exit

clean:
	// The program that ends leftovers is not to be ended by signals. Several come when the guardian ends, one for each
	// of its threads. Those that are pending are dropped.
	MOVD $0, R1
	PRCTL(PR_SET_PDEATHSIG)
	MOVD $1, R22

ignore:
	CMP  $SIGCHLD, R22
	BEQ  next
	ADD  $(state_ignore), R19, R1
	MOVD $0, R2
	ACTION

next:
	ADD  $1, R22
	CMP  $31, R22
	BLS  ignore
	ADD  $(state_masks+8), R19, R1
	MOVD $0, R2
	MASK
	MOVD state_cleaner(R19), R0
	MOVD state_words(R19), R1
	MOVD state_envp(R19), R2
	SYSTEM(SYS_execve)
	B    exit

unstarted:
	MOVD R20, R0
	MOVD $0, R1
	MOVD $0, R2
	MOVD $0, R3
	SYSTEM(SYS_wait4)
	MOVD state_failed(R19), R0

failed: // with the error in R0
	MOVD R0, state_report(R19)
	REPORT

exit:
	MOVD $0, R0
	SYSTEM(SYS_exit_group)
	BRK

runner:
	MOVD $SIGTERM, R1
	PRCTL(PR_SET_PDEATHSIG)
	SYSTEM(SYS_getppid)
	MOVD state_self(R19), R1
	CMP  R1, R0
	BNE  exit
	MOVD state_limit(R19), R2
	CBZ  R2, program
	MOVD $0, R0
	MOVD $RLIMIT_NOFILE, R1
	MOVD $0, R3
	SYSTEM(SYS_prlimit64)

program:
	ADD  $(state_masks+8), R19, R1
	MOVD $0, R2
	MASK
	MOVD state_path(R19), R0
	MOVD state_argv(R19), R1
	MOVD state_envp(R19), R2
	SYSTEM(SYS_execve)
	MOVD R0, state_failed(R19)
	MOVD $EXIT_FAILED, R0
	SYSTEM(SYS_exit_group)
	BRK
