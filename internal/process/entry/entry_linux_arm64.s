#include "textflag.h"

#define SYS_fcntl 25
#define SYS_rt_sigaction 134
#define F_GETFD 1

#define IS_CLOSED(fd, answer) \
	MOVD	$SYS_fcntl, R8 \
	MOVD	$fd, R0        \
	MOVD	$F_GETFD, R1   \
	SVC                    \
	MOVD	R0, answer

#define ACTION(signal, answer) \
	MOVD	$SYS_rt_sigaction, R8 \
	MOVD	$signal, R0           \
	MOVD	$0, R1                \
	MOVD	$answer, R2           \
	MOVD	$8, R3                \
	SVC

// fanout_entry is where the kernel starts the program. The stack holds what Go's own entry expects.
TEXT fanout_entry(SB), NOSPLIT|NOFRAME, $0
	IS_CLOSED(0, ·stdin(SB))
	IS_CLOSED(1, ·stdout(SB))
	ACTION(3, ·actions+0(SB))
	ACTION(10, ·actions+32(SB))
	ACTION(12, ·actions+64(SB))
	ACTION(15, ·actions+96(SB))
	ACTION(20, ·actions+128(SB))
	JMP	_rt0_arm64_linux(SB)
