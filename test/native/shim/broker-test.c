/* The shim's broker, asked by a shim that somebody has taken over. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/check.h"
#include "shim/broker/message.h"
#include "shim/broker/serve.h"
#include "shim/system/fd-message.h"

static struct config config;
static struct broker_request request;
static struct broker_answer answer;
static int ours = -1, came = -1;
static pid_t broker;

static void start(void) {
    int pair[2];
    check("there is a socket", socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    pid_t parent = getpid();
    broker = fork();
    if (broker == 0)
        broker_serve(&config, parent, pair[1]);
    close(pair[1]);
    ours = pair[0];
}

/* 0, or the error's code. */
static int asked(size_t size) {
    if (came >= 0)
        close(came);
    if (fd_message_send(ours, &request, size, -1, 0) < 0 ||
        fd_message_receive(ours, &answer, sizeof answer, &came) != (ssize_t)sizeof answer)
        return EPIPE;
    return answer.failed ? answer.err.code : 0;
}

static int asked_for(enum broker_request_kind kind) {
    request.kind = kind;
    return asked(sizeof request);
}

static void refuses_what_is_no_request(void) {
    check("half a request", asked(sizeof request / 2) == EPROTO);
    check("one of another kind", asked_for((enum broker_request_kind)99) == EPROTO);
}

static void joins_no_path(void) {
    static const char *const networks[] = {"", "../other", "a/b", "/etc", ".", "abcg", "ABC"};
    struct link_config link = {.prefix = 0x0a000000, .prefix_length = 24, .address = 0x0a000002};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        request.link = link;
        strcpy(request.link.network, networks[i]);
        check("what is no network's id leads nowhere", asked_for(BROKER_JOIN) == EINVAL && came < 0);
    }
    memset(request.link.network, 'a', sizeof request.link.network);
    memset(request.link.names, 'a', sizeof request.link.names);
    check("nor does an id without an end", asked_for(BROKER_JOIN) == ENOENT && came < 0);
    config.net.hub_program = "";
    start();
    request.link = link;
    strcpy(request.link.network, "abc");
    check("a box without networks joins none", asked_for(BROKER_JOIN) == ENOTSUP);
}

static void binds_ports_alone(void) {
    request.port = (struct published_port){.protocol = BL_IP_ICMP};
    check("what is no port is not bound", asked_for(BROKER_BIND) == EINVAL && came < 0);
    request.port = (struct published_port){.protocol = BL_IP_TCP, .host_port = 65536};
    check("nor one that there is not", asked_for(BROKER_BIND) == EINVAL && came < 0);
    request.port.host_port = 0;
    inet_pton(AF_INET, "127.0.0.1", &request.port.host_address);
    check("a port is", asked_for(BROKER_BIND) == 0 && came >= 0 && answer.port.host_port);
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    check("the one that it says",
          getsockname(came, (struct sockaddr *)&at, &size) == 0 && ntohs(at.sin_port) == answer.port.host_port);
}

static void runs_its_hook(void) {
    int status;
    check("there is a hook to run", asked_for(BROKER_RUN_HOOK) == 0 && answer.pid > 0);
    pid_t hook = answer.pid;
    check("which is ended when asked for", asked_for(BROKER_KILL_HOOK) == 0);
    check("and waited for by who asked", waitpid(hook, &status, 0) == hook && WIFSIGNALED(status));
}

int main(void) {
    static char program[] = "/bin/sh", flag[] = "-c", script[] = "exec sleep 1000";
    char *hook[] = {program, flag, script, NULL}, *none[] = {NULL};
    config = (struct config){.exit_argv = hook, .exit_env = none, .id_directory = ""};
    config.net.network_directory = "/nowhere/networks";
    config.net.hub_program = "/nowhere/boxlite-hub";
    start();
    refuses_what_is_no_request();
    binds_ports_alone();
    runs_its_hook();
    check("the name servers are told", asked_for(BROKER_RESOLVERS) == 0 && answer.resolvers.count > 0);
    joins_no_path();
    close(ours);
    check("it ends with the connection", waitpid(broker, NULL, 0) == broker);
    return 0;
}
