# One number a line in, its square out. Without flush=True, Python holds back what it prints to a pipe.
import sys

for line in sys.stdin:
    print(int(line) ** 2, flush=True)
