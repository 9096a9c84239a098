/* A file system whose locks hold within one node only, as NFS with local_lock and Lustre with localflock have them.
 * For LD_PRELOAD. A node is named by SLURMD_NODENAME; each node keeps its locks in a folder of LOCK_DIR of its own, in
 * files that are called as the inode is numbered which they stand for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES = 8192 };
static int stand_in[FILES]; /* descriptor of the node's own file; 0 is none */

static int of_node(int file)
{
    const char *locks = getenv("LOCK_DIR"), *node = getenv("SLURMD_NODENAME");
    char path[512];
    struct stat about;
    if (!locks || fstat(file, &about))
        return -1;
    snprintf(path, sizeof path, "%s/%s", locks, node ? node : "login");
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%llu", locks, node ? node : "login", (unsigned long long)about.st_ino);
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

int flock(int file, int operation)
{
    if (file < 0 || file >= FILES) {
        errno = EBADF;
        return -1;
    }
    if (!stand_in[file]) {
        int own = of_node(file);
        if (own < 0)
            return -1;
        stand_in[file] = own;
    }
    return syscall(SYS_flock, stand_in[file], operation);
}

int close(int file)
{
    if (file >= 0 && file < FILES && stand_in[file]) {
        syscall(SYS_close, stand_in[file]);
        stand_in[file] = 0;
    }
    return syscall(SYS_close, file);
}
