/* Makes a classic BPF program of the rules. Calls whose numbers follow each other and have the same answer are one
 * range; a binary search among some fifty ranges takes six jumps. Most calls don't take even those: what is allowed
 * whatever its arguments are, the kernel notes when the filter is installed. */
#include "program.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "rules.h"

/* Every number up to the newest known, and one for all above it. */
enum { NUMBERS = SECCOMP_NEWEST_CALL + 2, MAX_JUMP = 255 };

/* A box's own namespace would give it every capability over what is in there, and with them the kernel's code that
 * is for root alone. */
#define NAMESPACES \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Allowed are Linux, in a 32-bit guise or not, with UNAME26 or not, and to ask: those change nothing of what the kernel
 * does for safety, as ADDR_NO_RANDOMIZE and READ_IMPLIES_EXEC do. */
#define PERSONALITIES 0x20008u
#define ASK_PERSONALITY 0xffffffffu

/* The kernel takes the low half of the register, so the filter must not look at the other one. */
#define LOAD_FIRST_ARGUMENT \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)) /* both machines: little-endian */
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)
/* Within `endings`, `at` its own place. */
#define IF(condition, value, at, yes, no) \
    BPF_JUMP(BPF_JMP | condition | BPF_K, value, (yes) - (at) - 1, (no) - (at) - 1)

struct range {
    uint32_t first;
    enum seccomp_answer answer;
};

/* Where in `endings` a search for each answer ends. */
static const uint8_t ending_of[] = {
    [ANSWER_FAMILIES] = 0, [ANSWER_PERSONALITIES] = 3, [ANSWER_THREADS] = 6,
    [ANSWER_ALLOWED] = 8,  [ANSWER_REFUSED] = 9,       [ANSWER_MISSING] = 10,
};

static const struct sock_filter endings[] = {
    LOAD_FIRST_ARGUMENT,
    IF(BPF_JEQ, AF_ALG, 1, 9, 2),
    IF(BPF_JEQ, AF_VSOCK, 2, 9, 8),
    LOAD_FIRST_ARGUMENT,
    IF(BPF_JEQ, ASK_PERSONALITY, 4, 8, 5),
    IF(BPF_JSET, ~PERSONALITIES, 5, 9, 8),
    LOAD_FIRST_ARGUMENT,
    IF(BPF_JSET, NAMESPACES, 7, 9, 8),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_ERRNO | EPERM),
    ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
};

enum { ENDINGS = sizeof endings / sizeof *endings };

static void add_table(struct seccomp_program *program, const struct seccomp_calls *calls, uint64_t capabilities);
static size_t find_ranges(const struct seccomp_calls *calls, uint64_t capabilities, struct range *ranges);
static void add_search(struct seccomp_program *program, const struct range *ranges, size_t count, uint32_t end);
static uint32_t jump(struct seccomp_program *program, const struct range *ranges, size_t count, uint32_t end);
static void add(struct seccomp_program *program, struct sock_filter instruction);

int seccomp_program_make(uint64_t capabilities, struct seccomp_program *program, struct err *err) {
    program->used = 0;
    add(program, (struct sock_filter)LOAD(arch));
    for (const struct seccomp_calls *const *each = seccomp_tables; *each; each++) {
        uint16_t test = program->used;
        add(program, (struct sock_filter){0});
        add_table(program, *each, capabilities);
        size_t behind = (size_t)program->used - test - 1;
        if (program->used == SECCOMP_PROGRAM_LENGTH || behind > MAX_JUMP)
            return err_set(err, E2BIG, "the filter of system calls is too long");
        program->code[test] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (*each)->architecture, 0,
                                                           (uint8_t)behind);
    }
    add(program, (struct sock_filter)ANSWER(SECCOMP_RET_ERRNO | ENOSYS));
    return 0;
}

static void add_table(struct seccomp_program *program, const struct seccomp_calls *calls, uint64_t capabilities) {
    struct range ranges[NUMBERS];
    size_t count = find_ranges(calls, capabilities, ranges);
    add(program, (struct sock_filter)LOAD(nr));
    /* A search among n ranges is n - 1 jumps, whatever its shape. */
    add_search(program, ranges, count, program->used + (uint32_t)count - 1);
    for (size_t i = 0; i < ENDINGS; i++)
        add(program, endings[i]);
}

static size_t find_ranges(const struct seccomp_calls *calls, uint64_t capabilities, struct range *ranges) {
    uint8_t answers[NUMBERS];
    memset(answers, ANSWER_ALLOWED, sizeof answers);
    memset(answers + calls->hole.first, ANSWER_MISSING, calls->hole.count);
    answers[NUMBERS - 1] = ANSWER_MISSING;
    for (size_t i = 0; i < calls->count; i++) {
        const struct seccomp_rule *rule = &calls->rules[i];
        if (!(rule->lifted_by & capabilities))
            answers[rule->number] = rule->answer;
    }
    size_t count = 0;
    for (uint32_t number = 0; number < NUMBERS; number++)
        if (number == 0 || answers[number] != answers[number - 1])
            ranges[count++] = (struct range){number, answers[number]};
    return count;
}

/* The lower half of the ranges follows the jump that divides it from the upper one. `end` is where `endings` will be. */
static void add_search(struct seccomp_program *program, const struct range *ranges, size_t count, uint32_t end) {
    if (count < 2)
        return;
    size_t half = count / 2;
    uint16_t test = program->used;
    add(program, (struct sock_filter){0});
    uint32_t lower = jump(program, ranges, half, end);
    uint32_t upper = jump(program, ranges + half, count - half, end);
    if (test < SECCOMP_PROGRAM_LENGTH)
        program->code[test] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[half].first,
                                                           (uint8_t)(upper - test - 1), (uint8_t)(lower - test - 1));
}

/* Adds the search among these ranges; gives the place to go to for it. */
static uint32_t jump(struct seccomp_program *program, const struct range *ranges, size_t count, uint32_t end) {
    uint32_t here = program->used;
    add_search(program, ranges, count, end);
    return count == 1 ? end + ending_of[ranges->answer] : here;
}

static void add(struct seccomp_program *program, struct sock_filter instruction) {
    if (program->used < SECCOMP_PROGRAM_LENGTH)
        program->code[program->used++] = instruction;
}
