/* A file system without locks: every attempt fails, as on mounts that have none. For LD_PRELOAD. */
#include <errno.h>

int flock(int file, int operation)
{
    (void)file;
    (void)operation;
    errno = ENOSYS;
    return -1;
}
