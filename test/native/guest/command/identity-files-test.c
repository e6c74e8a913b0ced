#include <errno.h>
#include <string.h>

#include "../check.h"
#include "guest/command/identity-files.h"

static const char passwd[] = "# comment\n"
                             "root:x:0:0:root:/root:/bin/sh\n"
                             "  alice:x:1000:1001::/home/alice:/bin/sh  \n"
                             "\n"
                             "evil:x:zero:zero::/:/bin/sh\n"
                             "short:x:5\n"
                             "1002:x:77:77::/odd:/bin/sh\n"
                             "huge:x:4294967296:1::/:/bin/sh\n"
                             "last:x:9:9::/last:";
static const char group[] = "root:x:0:\nwheel:x:10:root,alice\naudio:x:29:alicex,xalice\nstaff:x:50:bob,alice\n";

static struct who who;
static struct err err;

static int resolve(const char *spec, const char *passwd_text, const char *group_text) {
    return who_resolve(spec, (struct text){passwd_text, strlen(passwd_text)},
                       (struct text){group_text, strlen(group_text)}, &who, &err);
}

static int join(const char *wanted) { return who_join(wanted, (struct text){group, strlen(group)}, &who, &err); }

static bool is(uint32_t uid, uint32_t gid, const char *home) {
    return who.uid == uid && who.gid == gid && strcmp(who.home, home) == 0;
}

int main(void) {
    check("no user is root with root's groups",
          resolve("", passwd, group) == 0 && is(0, 0, "/root") && who.group_count == 1 && who.groups[0] == 10);
    check("no user in an image without files is 0:0 at home in /", resolve("", "", "") == 0 && is(0, 0, "/"));
    check("a name has its uid, gid, home and groups", resolve("alice", passwd, group) == 0 &&
                                                          is(1000, 1001, "/home/alice") && who.group_count == 2 &&
                                                          who.groups[0] == 10 && who.groups[1] == 50);
    check("a number that has an entry is that user",
          resolve("1000", passwd, group) == 0 && is(1000, 1001, "/home/alice") && who.group_count == 2);
    check("a number without an entry stands for itself, group 0",
          resolve("1234", passwd, group) == 0 && is(1234, 0, "/") && who.group_count == 0);
    check("a group by name replaces the user's, without supplementary groups",
          resolve("alice:staff", passwd, group) == 0 && is(1000, 50, "/home/alice") && who.group_count == 0);
    check("a group by number needs no entry", resolve("alice:4242", passwd, group) == 0 && who.gid == 4242);
    check("a group alone leaves the user root", resolve(":50", passwd, group) == 0 && is(0, 50, "/root"));
    check("a name made of digits loses to the same number only when that comes first",
          resolve("1002", passwd, group) == 0 && is(77, 77, "/odd"));
    check("the last line needs no newline", resolve("last", passwd, group) == 0 && is(9, 9, "/last"));

    check("an unknown user is refused by name",
          resolve("bob", passwd, group) == -1 && err.code == EINVAL &&
              strcmp(err.msg, "unable to find user bob: no matching entries in passwd file") == 0);
    check("an unknown group is refused by name",
          resolve("alice:nobody", passwd, group) == -1 &&
              strcmp(err.msg, "unable to find group nobody: no matching entries in group file") == 0);
    check("a line whose uid is no number makes nobody root", resolve("evil", passwd, group) == -1);
    check("a line cut short makes nobody root", resolve("short", passwd, group) == -1);
    check("a uid that wraps around to 0 makes nobody root", resolve("huge", passwd, group) == -1);
    check("a number above 2147483647 is refused", resolve("4294967296", passwd, group) == -1);
    check("a negative number is a name", resolve("-1", passwd, group) == -1);

    static char long_home[4096];
    memset(long_home, 'h', sizeof long_home - 1);
    memcpy(long_home, "u:x:3:3::/", 10);
    check("a home longer than the agent takes is /", resolve("u", long_home, "") == 0 && is(3, 3, "/"));

    static char many[64 * 2048];
    for (int i = 0; i < 1025; i++)
        sprintf(many + strlen(many), "g%d:x:%d:alice\n", i, i + 2000);
    check("more groups than Linux's users have are refused, not cut", resolve("alice", passwd, many) == -1);

    check("a group of one's own is added once, by name or number",
          resolve("alice", passwd, group) == 0 && join("audio") == 0 && join("29") == 0 && join("4242") == 0 &&
              who.group_count == 4 && who.groups[2] == 29 && who.groups[3] == 4242);
    check("a group that the user is in already is not added",
          join("wheel") == 0 && join("1001") == 0 && who.group_count == 4);
    check("an unknown group to add is refused by name",
          join("nobody") == -1 &&
              strcmp(err.msg, "unable to find group nobody: no matching entries in group file") == 0);
    check("no number that wraps around is a group", join("4294967296") == -1 && join("-1") == -1 && join("") == -1);
    return 0;
}
