#include "textflag.h"

#define SYS_prlimit64 302
#define RLIMIT_NOFILE 7

// func getOpenFiles(l *Limit)
TEXT ·getOpenFiles(SB), NOSPLIT, $0-8
	MOVQ $SYS_prlimit64, AX
	MOVQ $0, DI
	MOVQ $RLIMIT_NOFILE, SI
	MOVQ $0, DX
	MOVQ l+0(FP), R10
	SYSCALL
	RET
