#include "textflag.h"

#define SYS_rt_sigaction 13
#define SYS_fcntl 72
#define F_GETFD 1

#define IS_CLOSED(fd, answer) \
	MOVL	$SYS_fcntl, AX \
	MOVL	$fd, DI        \
	MOVL	$F_GETFD, SI   \
	SYSCALL                \
	MOVQ	AX, answer

#define ACTION(signal, answer) \
	MOVL	$SYS_rt_sigaction, AX \
	MOVL	$signal, DI           \
	XORL	SI, SI                \
	LEAQ	answer, DX            \
	MOVL	$8, R10               \
	SYSCALL

// fanout_entry is where the kernel starts the program. The stack holds what Go's own entry expects.
TEXT fanout_entry(SB), NOSPLIT|NOFRAME, $0
	IS_CLOSED(0, ·stdin(SB))
	IS_CLOSED(1, ·stdout(SB))
	ACTION(3, ·actions+0(SB))
	ACTION(10, ·actions+32(SB))
	ACTION(12, ·actions+64(SB))
	ACTION(15, ·actions+96(SB))
	ACTION(20, ·actions+128(SB))
	JMP	_rt0_amd64_linux(SB)
