#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "group.h"
#include "place.h"

static bool is_root(int group);
static bool has_processes(int group);

int group_look(char path[PATH_MAX], char controllers[CONTROLLER_NAMES_BYTES], struct err *err) {
    struct place place;
    if (place_look(&place, err))
        return -1;
    if (snprintf(path, PATH_MAX, "%s/" GROUP_OF_ALL, place.path) >= PATH_MAX)
        return err_set(err, ENAMETOOLONG, "the path of the control group is too long");
    cleanup_fd int above = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0)
        return err_errno(err, "open the control group %.150s", place.path);
    if (controllers_check(above, &place, err))
        return -1;
    cleanup_fd int all = openat(above, GROUP_OF_ALL, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (all < 0 && (controllers_passed(above) & CONTROLLERS_NEEDED) != CONTROLLERS_NEEDED && !is_root(above) &&
        has_processes(above))
        return err_set(err, EBUSY, "the control group %.120s has processes of its own, and can pass nothing on",
                       place.path);
    controllers_names(all < 0 ? controllers_of(above) : controllers_of(all), controllers);
    return 0;
}

/* Only the root of all has no type, and may have processes besides groups. */
static bool is_root(int group) { return faccessat(group, "cgroup.type", F_OK, 0) != 0; }

static bool has_processes(int group) {
    char byte;
    cleanup_fd int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &byte, 1) == 1;
}
