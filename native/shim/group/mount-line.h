/* A line of /proc/PID/mountinfo (proc(5)). */
#ifndef BOXLITE_SHIM_GROUP_MOUNT_LINE_H
#define BOXLITE_SHIM_GROUP_MOUNT_LINE_H

struct mount_line {
    const char *root, *point, *type;
};

/* Changes the line; what it finds points into it. Returns -1 if it is not one. */
int mount_line_parse(char *line, struct mount_line *mount);

#endif
