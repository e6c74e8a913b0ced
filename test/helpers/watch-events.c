/* Prints a line for each event of the directories and files that it is given, by inotify(7): the file that was
 * watched, what has happened, and to which name. "ready" comes first. */
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { MOST = 64 };

static const struct {
    unsigned bit;
    const char *name;
} kinds[] = {
    {IN_MODIFY, "modify"},   {IN_ATTRIB, "attrib"},       {IN_CLOSE_WRITE, "written"},
    {IN_MOVED_FROM, "from"}, {IN_MOVED_TO, "to"},         {IN_CREATE, "create"},
    {IN_DELETE, "delete"},   {IN_DELETE_SELF, "deleted"}, {IN_MOVE_SELF, "moved"},
};

int main(int argc, char **argv) {
    static char *watched[MOST];
    _Alignas(struct inotify_event) static char bytes[65536];
    unsigned mask = 0;
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        mask |= kinds[i].bit;
    int fd = inotify_init();
    for (int i = 1; i < argc; i++) {
        int number = inotify_add_watch(fd, argv[i], mask);
        if (number > 0 && number < MOST)
            watched[number] = argv[i];
        else
            perror(argv[i]);
    }
    puts("ready");
    fflush(stdout);
    for (ssize_t size; (size = read(fd, bytes, sizeof bytes)) > 0; fflush(stdout))
        for (char *at = bytes; at < bytes + size;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
                if (event->mask & kinds[i].bit)
                    printf("%s %s%s%s%s\n", watched[event->wd % MOST], kinds[i].name, event->len ? " " : "",
                           event->len ? event->name : "", event->mask & IN_ISDIR ? "/" : "");
            at += sizeof *event + event->len;
        }
    return 1;
}
