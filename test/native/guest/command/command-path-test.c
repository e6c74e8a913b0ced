#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"
#include "guest/command/command-path.h"

static char path[64];
static struct err err;

static void make(const char *name, unsigned mode) {
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || fchmod(fd, mode) || close(fd))
        exit(2);
}

static int find(const char *name, const char *search) { return command_path(name, search, path, sizeof path, &err); }

int main(void) {
    char directory[] = "/tmp/command-path-XXXXXX";
    if (!mkdtemp(directory) || chdir(directory) || mkdir("a", 0755) || mkdir("b", 0755) || mkdir("b/dir", 0755))
        return 2;
    make("a/plain", 0644);
    make("b/plain", 0755);
    make("b/tool", 0755);
    make("here", 0755);

    check("the first directory that has it wins", find("tool", "a:b") == 0 && strcmp(path, "b/tool") == 0);
    check("a file that can't be run is passed over", find("plain", "a:b") == 0 && strcmp(path, "b/plain") == 0);
    check("an empty element is the working directory", find("here", "a::b") == 0 && strcmp(path, "./here") == 0);
    check("a directory is no command", find("dir", "b") == -1 && err.code == ENOENT);
    check("a command that is nowhere is not found",
          find("nope", "a:b") == -1 && err.code == ENOENT &&
              strcmp(err.msg, "exec: \"nope\": executable file not found in $PATH") == 0);
    check("an empty command is not found", find("", "a:b") == -1 && err.code == ENOENT);
    check("an empty PATH is searched without harm", find("tool", "") == -1);
    check("a path is taken as it is", find("./here", "a") == 0 && strcmp(path, "./here") == 0);
    check("a path that is not there is not found",
          find("/no/such", "a") == -1 && err.code == ENOENT &&
              strcmp(err.msg, "exec: \"/no/such\": stat /no/such: no such file or directory") == 0);
    check("a path to a directory can't be run", find("./b", "a") == -1 && err.code == EISDIR);
    check("a path without the x bit can't be run, not even by root",
          find("a/plain", "a") == -1 && err.code == EACCES &&
              strcmp(err.msg, "exec: \"a/plain\": permission denied") == 0);
    static char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    check("an endless name does not overflow", find(endless, endless) == -1);
    endless[0] = '/';
    check("an endless path does not overflow", find(endless, "a") == -1 && err.code == ENAMETOOLONG);

    const char *const env[] = {"PATHS=no", "PATH=one", "PATH=two", "EMPTY=", NULL};
    check("the last of two values wins", strcmp(env_value(env, "PATH"), "two") == 0);
    check("an empty value is a value", strcmp(env_value(env, "EMPTY"), "") == 0);
    check("a missing name has none", env_value(env, "HOME") == NULL);
    if (unlink("a/plain") || unlink("b/plain") || unlink("b/tool") || unlink("here") || rmdir("b/dir") || rmdir("b") ||
        rmdir("a") || chdir("/") || rmdir(directory))
        return 2;
    return 0;
}
