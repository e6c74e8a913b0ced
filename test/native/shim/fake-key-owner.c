/* Stands in for a login whose session keyring holds a secret, and executes the given program.
 * Usage: fake-key-owner DESCRIPTION PROGRAM [ARGUMENT…] */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FAILED_STATUS = 8,
    /* KEY_POS_ALL: a process that possesses the key may do everything; its owner and all others, nothing. */
    POSSESSOR_ONLY = 0x3f000000,
};

static int own_secret(const char *description) {
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
        return -1;
    long key = syscall(SYS_add_key, "user", description, "secret", 6, KEY_SPEC_SESSION_KEYRING);
    return key < 0 || syscall(SYS_keyctl, KEYCTL_SETPERM, key, POSSESSOR_ONLY) < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return FAILED_STATUS;
    if (own_secret(argv[1])) {
        fprintf(stderr, "fake-key-owner: %s\n", strerror(errno));
        return FAILED_STATUS;
    }
    execv(argv[2], argv + 2);
    return FAILED_STATUS;
}
