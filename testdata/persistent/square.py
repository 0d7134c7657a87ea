# One number a line in, its square out. flush=True: Python holds back what it prints into a pipe.
import sys

for line in sys.stdin:
    print(int(line) ** 2, flush=True)
