# Starts slowly, like a program that loads a model, and then answers quickly.
import sys
import time

time.sleep(float(sys.argv[1]))
print("ready", file=sys.stderr)
for line in sys.stdin:
    print("label of", line.rstrip("\n"), flush=True)
