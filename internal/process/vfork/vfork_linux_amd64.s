#include "go_asm.h"
#include "textflag.h"

#define SYS_rt_sigprocmask 14
#define SYS_dup2 33
#define SYS_execve 59
#define SYS_fcntl 72
#define SYS_chdir 80
#define SYS_setpgid 109
#define SYS_exit_group 231
#define SYS_prlimit64 302
#define SYS_clone3 435

#define SIG_SETMASK 2
#define RLIMIT_NOFILE 7
#define F_SETFD 2
#define EXIT_FAILED 127

// FILE puts one of the standard three in its place. One that is there already is
// kept open at exec, which dup2 would not do.
#define FILE(number) \
	MOVQ (Args_Files+8*number)(R12), DI; \
	MOVQ $number, SI; \
	MOVQ $SYS_dup2, AX; \
	CMPQ DI, SI; \
	JNE  4(PC); \
	MOVQ $SYS_fcntl, AX; \
	MOVQ $F_SETFD, SI; \
	MOVQ $0, DX; \
	MOVQ AX, Args_Call(R12); \
	SYSCALL; \
	TESTQ AX, AX; \
	JLT  failed

// func vforkExec(a *Args, clone *cloneArgs)
//
// R12 is a, and nothing is on the stack: a child that used it would overwrite ours.
// System calls keep all registers but AX, CX and R11.
TEXT ·vforkExec(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), R12
	MOVQ clone+8(FP), R13

	// No signal may reach the child before its handlers, copies of ours, are gone.
	MOVQ $SYS_rt_sigprocmask, AX
	MOVQ $SIG_SETMASK, DI
	LEAQ Args_masks(R12), SI
	LEAQ (Args_masks+8)(R12), DX
	MOVQ $8, R10
	SYSCALL

	MOVQ $SYS_clone3, AX
	MOVQ R13, DI
	MOVQ $cloneArgs__size, SI
	SYSCALL
	TESTQ AX, AX
	JEQ  child

	MOVQ AX, Args_Pid(R12)
	MOVQ $SYS_rt_sigprocmask, AX
	MOVQ $SIG_SETMASK, DI
	LEAQ (Args_masks+8)(R12), SI
	MOVQ $0, DX
	MOVQ $8, R10
	SYSCALL
	RET

child:
	MOVQ $SYS_setpgid, AX
	MOVQ AX, Args_Call(R12)
	MOVQ $0, DI
	MOVQ Args_Group(R12), SI
	SYSCALL
	TESTQ AX, AX
	JLT  failed

	MOVQ Args_Dir(R12), DI
	TESTQ DI, DI
	JEQ  files
	MOVQ $SYS_chdir, AX
	MOVQ AX, Args_Call(R12)
	SYSCALL
	TESTQ AX, AX
	JLT  failed

files:
	FILE(0)
	FILE(1)
	FILE(2)

	MOVQ Args_Limit(R12), DX
	TESTQ DX, DX
	JEQ  program
	MOVQ $SYS_prlimit64, AX
	MOVQ $0, DI
	MOVQ $RLIMIT_NOFILE, SI
	MOVQ $0, R10
	SYSCALL

program:
	MOVQ $SYS_rt_sigprocmask, AX
	MOVQ $SIG_SETMASK, DI
	LEAQ (Args_masks+8)(R12), SI
	MOVQ $0, DX
	MOVQ $8, R10
	SYSCALL

	MOVQ $SYS_execve, AX
	MOVQ AX, Args_Call(R12)
	MOVQ Args_Path(R12), DI
	MOVQ Args_Argv(R12), SI
	MOVQ Args_Envp(R12), DX
	SYSCALL

failed:
	NEGQ AX
	MOVQ AX, Args_Error(R12)
	MOVQ $SYS_exit_group, AX
	MOVQ $EXIT_FAILED, DI
	SYSCALL
	INT  $3
