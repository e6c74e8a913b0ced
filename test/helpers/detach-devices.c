/* Tries to detach the device policy from the cgroup of the given directory: prints the error, or "done". */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int group = open(argc == 2 ? argv[1] : "", O_RDONLY | O_DIRECTORY);
    if (group < 0) {
        perror("open");
        return 1;
    }
    union bpf_attr attributes = {.target_fd = (unsigned)group, .attach_type = BPF_CGROUP_DEVICE};
    puts(syscall(SYS_bpf, BPF_PROG_DETACH, &attributes, sizeof attributes) ? strerrorname_np(errno) : "done");
    return 0;
}
