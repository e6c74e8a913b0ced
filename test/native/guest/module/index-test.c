/* What the kernel asks for, found in the texts that stand beside its modules. */
#include <stdint.h>
#include <string.h>

#include "../check.h"
#include "guest/module/index.h"

static const char dep[] = "kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko kernel/net/llc/llc.ko\n"
                          "kernel/net/bridge/bridge.ko: kernel/net/llc/llc.ko\n"
                          "kernel/fs/xfs/xfs.ko:\n"
                          "kernel/drivers/net/dm-mod.ko:\n"
                          "llc.ko:";
static const char aliases[] = "# a comment\n"
                              "alias fs-xfs xfs\n"
                              "alias nf-logger-2-0 nf_log_syslog\n"
                              "alias virtio:d0000000[1-9]v* one\n"
                              "alias net-pf-16-proto-16-family-wg wireguard\n"
                              "alias virtio:d*v* two\n"
                              "alias broken\n";

static bool is_line_of(const char *name, const char *path) {
    const char *line = module_line(dep, name);
    return line && strncmp(line, path, strlen(path)) == 0;
}

/* The files of a line, separated by spaces. */
static const char *files_of(const char *line) {
    static char all[512];
    char path[MODULE_PATH_BYTES];
    size_t left = SIZE_MAX;
    *all = 0;
    do {
        left = module_file(line, left, path);
        strcat(strcat(all, path), left ? " " : "");
    } while (left);
    return all;
}

static const char *modules_of(const char *wanted) {
    static char all[512];
    char name[MODULE_NAME_BYTES];
    *all = 0;
    for (const char *rest = aliases; (rest = module_alias(rest, wanted, name));)
        strcat(strcat(all, name), " ");
    return all;
}

int main(void) {
    check("a module is found by its name", is_line_of("bridge", "kernel/net/bridge/bridge.ko"));
    check("and with - for _, or _ for -", is_line_of("br-netfilter", "kernel/net/bridge/br_netfilter.ko") &&
                                              is_line_of("dm_mod", "kernel/drivers/net/dm-mod.ko"));
    check("one in no directory, at the end of the text", is_line_of("llc", "llc.ko:"));
    check("a part of a name is no name", !module_line(dep, "lc") && !module_line(dep, "bridg") &&
                                             !module_line(dep, "") && !module_line(dep, "kernel/fs/xfs/xfs.ko"));
    check("nothing is in an empty text", !module_line("", "xfs") && !module_line("\n\n", "xfs"));

    check("what a module needs is loaded before it, the last one first",
          strcmp(files_of(dep),
                 "kernel/net/llc/llc.ko kernel/net/bridge/bridge.ko kernel/net/bridge/br_netfilter.ko") == 0);
    check("a module that needs nothing is loaded alone",
          strcmp(files_of(module_line(dep, "xfs")), "kernel/fs/xfs/xfs.ko") == 0 &&
              strcmp(files_of(module_line(dep, "llc")), "llc.ko") == 0);
    char line[MODULE_PATH_BYTES + 32], path[MODULE_PATH_BYTES];
    memset(line, 'x', sizeof line);
    strcpy(line + MODULE_PATH_BYTES, ":\n");
    check("a path that is too long comes out empty", module_file(line, SIZE_MAX, path) == 0 && !*path);

    check("an alias names its module", strcmp(modules_of("fs-xfs"), "xfs ") == 0);
    check("with - for _ as well", strcmp(modules_of("nf_logger-2-0"), "nf_log_syslog ") == 0);
    check("a pattern names each module that answers", strcmp(modules_of("virtio:d00000001v00001AF4"), "one two ") == 0);
    check("a range is a range", strcmp(modules_of("virtio:d00000000v00001AF4"), "two ") == 0);
    check("an unknown alias names none", !*modules_of("fs-none") && !*modules_of("") && !*modules_of("broken"));
    char endless[2048];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    check("nor does an endless one", !*modules_of(endless));
    return 0;
}
