#include "check-walls.h"

#include <errno.h>
#include <stdio.h>

#include "../../common/landlock.h"
#include "../group/look.h"

int print_walls_check(void) {
    struct err err;
    int version = landlock_version();
    if (version < 0) {
        err_errno(&err, "this kernel has no Landlock");
        printf("landlock no %s\n", err.msg);
    } else {
        printf("landlock yes version %d\n", version);
    }
    char path[PATH_MAX], controllers[CONTROLLER_NAMES_BYTES];
    if (group_look(path, controllers, &err))
        printf("cgroup no %s\n", err.msg);
    else
        printf("cgroup yes %s in %s\n", controllers, path);
    return 0;
}
