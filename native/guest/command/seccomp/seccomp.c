#include "seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "../../../protocol/protocol.h"
#include "program.h"

int seccomp_confine(const struct exec_request *request, uint64_t capabilities, struct err *err) {
    if ((request->flags & BL_EXEC_NO_NEW_PRIVILEGES) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_errno(err, "can't set no-new-privileges");
    if (request->flags & BL_EXEC_UNCONFINED)
        return 0;
    struct seccomp_program program;
    if (seccomp_program_make(capabilities, &program, err))
        return -1;
    struct sock_fprog filter = {.len = program.used, .filter = program.code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0)
        return 0;
    if (errno == EINVAL)
        return err_set(err, EINVAL,
                       "the kernel of the box has no seccomp filters: run the box with --security-opt "
                       "seccomp=unconfined, or choose a kernel that has them");
    return err_errno(err, "can't filter system calls");
}
