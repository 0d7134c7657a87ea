# Frames: 4 bytes of length, big-endian, before each item and each reply. Items may hold any bytes.
import struct
import sys

items, replies = sys.stdin.buffer, sys.stdout.buffer
while header := items.read(4):
    item = items.read(struct.unpack(">I", header)[0])
    replies.write(header + item[::-1])
    replies.flush()
