#include "textflag.h"

#define SYS_fcntl 25
#define F_GETFD 1

// fanout_entry is where the kernel begins; the stack holds what Go's own entry expects.
TEXT fanout_entry(SB), NOSPLIT|NOFRAME, $0
	MOVD	$SYS_fcntl, R8
	MOVD	$0, R0
	MOVD	$F_GETFD, R1
	SVC
	MOVD	R0, ·stdin(SB)
	MOVD	$SYS_fcntl, R8
	MOVD	$1, R0
	MOVD	$F_GETFD, R1
	SVC
	MOVD	R0, ·stdout(SB)
	B	_rt0_arm64_linux(SB)
