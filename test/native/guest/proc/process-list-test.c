#include <string.h>

#include "../check.h"
#include "guest/proc/process-list.h"
#include "guest/system/text-file.h"

static void test_stat(void) {
    struct process_figures figures;
    const char *usual =
        "42 (sh) S 7 42 42 34817 42 4194560 1 2 3 4 150 25 5 6 25 5 3 0 987654 4096 2 18446744073709551615 "
        "1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0";
    check("a stat line is read",
          process_stat(usual, &figures) == 0 && figures.parent == 7 && figures.terminal == 34817);
    check("its figures too", figures.cpu_ticks == 175 && figures.start_ticks == 987654 && figures.state == 'S');
    check("and what ps shows besides", figures.nice == 5 && figures.threads == 3 && figures.virtual_bytes == 4096 &&
                                           figures.resident_pages == 2 && figures.processor == 1 && figures.foreground);
    check("it is not exiting", !figures.exiting);
    const char *exiting =
        "42 (sh) S 7 42 42 34817 42 4194564 1 2 3 4 150 25 5 6 25 5 3 0 987654 4096 2 18446744073709551615 "
        "1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0";
    check("one that waits for its children's end is", process_stat(exiting, &figures) == 0 && figures.exiting);
    const char *hostile =
        "42 () R 1 1 1 1) x) S 7 42 42 0 42 4194560 1 2 3 4 1 2 5 6 20 0 1 0 9 1 2 3 1 1 0 0 0 0 0 0 0 0 0 "
        "0 17 1";
    check("a name that looks like the rest does not deceive",
          process_stat(hostile, &figures) == 0 && figures.parent == 7);
    check("a line without its fields is refused", process_stat("42 (sh) S 7", &figures) == -1);
    check("and one without a name", process_stat("42 sh S 7", &figures) == -1);
}

static void test_numbers(void) {
    check("the number inside is the second", process_number_inside("Name:\tx\nNSpid:\t812\t7\n", "NSpid", 1) == 7);
    check("of nested ones too", process_number_inside("Name:\tx\nNSpid:\t812\t7\t1\n", "NSpid", 1) == 7);
    check("a process outside has none", process_number_inside("Name:\tx\nNSpid:\t812\n", "NSpid", 1) == 0);
    check("nor has what says nothing", process_number_inside("Name:\tx\n", "NSpid", 1) == 0);
    check("a key is a line's own", process_number_inside("Name:\tUid:\nUid:\t1\t2\t3\t4\n", "Uid", 0) == 1);
    check("the effective id is the second", process_effective_id("Uid:\t1\t2\t3\t4\n", "Uid") == 2);
}

static void test_text(void) {
    const char *text = "low 1\nmax 2\noom 3\noom_kill 4\n";
    check("a key is a whole word", text_number(text, "oom") == 3 && text_number(text, "oom_kill") == 4);
    check("at the beginning too", text_number(text, "low") == 1);
    check("a missing one is 0", text_number(text, "oom_group_kill") == 0 && text_number("", "x") == 0);
    check("a colon may follow it", text_number("MemTotal:      458000 kB\n", "MemTotal") == 458000);
    check("a key at the very end is none", text_number("a 1\nlow", "low") == 0);
    char small[8];
    check("a file is cut to its place", read_text("/proc/self/status", small, sizeof small) == 0 && strlen(small) == 7);
    check("a missing one is reported", read_text("/no/such", small, sizeof small) == -1 && *small == 0);
}

int main(void) {
    test_stat();
    test_numbers();
    test_text();
    return 0;
}
