/* A program that does nothing: the cheapest job there is, so that only the runner's own cost is left.
 *
 * Build: cc -O2 -static -nostdlib -o nothing nothing.c
 *    or: cc -O2 -static -DHOSTED -o nothing nothing.c
 */
#if defined(HOSTED)
int main(void) { return 0; }
#elif defined(__x86_64__)
void _start(void) { __asm__ volatile("mov $60, %eax\n\txor %edi, %edi\n\tsyscall"); __builtin_unreachable(); }
#elif defined(__aarch64__)
void _start(void) { __asm__ volatile("mov x8, #93\n\tmov x0, #0\n\tsvc #0"); __builtin_unreachable(); }
#else
#error "no exit without libc on this machine: build with -DHOSTED"
#endif
