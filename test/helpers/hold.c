/* Traces every new process in its box and never waits for one, so that none of them can be reaped. It continues in the
 * background. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

enum { NUMBERS = 1 << 16 };

static char held[NUMBERS];

static void look(void) {
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; processes && (entry = readdir(processes));) {
        int pid = atoi(entry->d_name);
        if (pid > 1 && pid < NUMBERS && pid != getpid() && !held[pid])
            held[pid] = ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
    }
    closedir(processes);
}

int main(void) {
    if (daemon(0, 0))
        return 1;
    for (;; usleep(1000))
        look();
}
