# A program that takes long to start, as one that loads a model does, and answers quickly then.
import sys
import time

time.sleep(float(sys.argv[1]))
print("ready", file=sys.stderr)
for line in sys.stdin:
    print("label of", line.rstrip("\n"), flush=True)
