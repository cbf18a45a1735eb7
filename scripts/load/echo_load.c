/*
 * Drives an echo server with many clients at once, and checks every byte that comes back.
 *
 * usage: echo_load PORT STATUS_PORT SERVER_PID CLIENTS ROUNDS SEED
 *
 * All clients are connected before the first byte is sent. Then each sends ROUNDS messages of 1 B
 * to 64 KiB, the next when the last has come back; sizes and contents follow from SEED, the client
 * and the round, so that a byte of another client's, or of another round's, shows. Of a hundred
 * clients
 *
 *   one resets its connection halfway through a message of its middle round;
 *   one ends right after its last byte: every second of these shuts its sending side down and
 *   expects the whole echo and then the end, the others close without reading the last echo;
 *   the rest end when the last echo is there, and expect nothing after it.
 *
 * STATUS_PORT answers each connection with a line of counts of what the server holds. It is asked
 * before the first client, while all are connected, and after the last is gone, when the line must
 * be the first one again. With STATUS_PORT 0 the server may hold fewer clients than there are, and
 * only the echoes are checked.
 *
 * Exit status: 0 when all is as it should be, 1 when not, 2 when it could not be tried.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SIZE_MAX_BYTES = 64 * 1024,
    CONNECTING_MAX = 256,     /* connects at a time: fewer than a listener's queue holds */
    SETTLE_SECONDS_MAX = 20,  /* for the server to notice who is there and who is gone */
    RUN_SECONDS_MAX = 150,
    IDLE_SECONDS = 5,
    IDLE_BYTES_MAX = 300,     /* of memory, a connection */
    MANY = 5000,              /* clients, past which whole pages weigh little on each */
    EVENTS_MAX = 1024,
};

enum ending { WAITS, RESETS, SHUTS_DOWN, CLOSES_UNREAD };

struct client {
    int fd;
    enum ending ending;
    uint32_t round;
    uint32_t size;      /* of this round's message */
    uint32_t sent;      /* of it */
    uint32_t received;  /* of its echo */
    uint32_t awaits_end; /* all was sent and has come back: only the end may follow */
};

static struct client *clients;
static uint32_t clients_count, rounds, connected, done;
static uint64_t seed, messages, bytes, resets, unread, shut_down;
static uint16_t port, status_port;
static int poller;

static _Noreturn void give_up(int code, const char *what, uint32_t client) {
    fprintf(stderr, "echo_load: client %u, round %u: %s\n", client, client < clients_count ? clients[client].round : 0, what);
    exit(code);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* splitmix64 */
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t message_key(uint32_t client, uint32_t round) {
    return mix(mix(seed ^ client) + round);
}

/* One in a hundred is as large as may be allowed, most are small. */
static uint32_t message_size(uint32_t client, uint32_t round) {
    uint64_t chance = mix(message_key(client, round));
    uint64_t size = mix(chance);
    switch (chance % 200) {
    case 0: return SIZE_MAX_BYTES;
    case 1: return 1;
    case 2: return (uint32_t)(1 + size % SIZE_MAX_BYTES);
    default: return (uint32_t)(chance % 10 == 3 ? 1 + size % 16384 : 1 + size % 2048);
    }
}

static void fill(uint8_t *at, uint64_t key, uint32_t offset, uint32_t count) {
    uint64_t word = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || (offset + i) % 8 == 0)
            word = mix(key + (offset + i) / 8);
        at[i] = (uint8_t)(word >> (offset + i) % 8 * 8);
    }
}

static struct sockaddr_in loopback(uint16_t to) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(to)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* What the server says it holds. Empty when it is not asked. */
static void ask_status(char line[256]) {
    line[0] = 0;
    if (status_port == 0)
        return;
    struct sockaddr_in address = loopback(status_port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t count = 0;
    ssize_t more = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof address);
    for (; more >= 0; count += (size_t)more) {
        more = recv(fd, line + count, 255 - count, 0);
        if (more <= 0)
            break;
    }
    if (more < 0 || count == 0)
        give_up(1, "the server does not tell its status", clients_count);
    line[count - 1] = 0;
    close(fd);
}

static uint32_t tasks_in(const char *status) {
    const char *found = strstr(status, "tasks=");
    return found ? (uint32_t)strtoul(found + 6, NULL, 10) : 0;
}

/* Memory that the server has in use, in KiB. */
static long resident_kib(long pid) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib;
}

/* Processor time that the server has used, in clock ticks. */
static long processor_ticks(long pid) {
    char path[64], line[1024];
    long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof line, file)) {
        const char *rest = strrchr(line, ')');
        if (rest)
            sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &kernel);
    }
    if (file)
        fclose(file);
    return user + kernel;
}

static void watch(uint32_t client, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.u32 = client};
    if (epoll_ctl(poller, operation, clients[client].fd, &event) < 0)
        give_up(2, strerror(errno), client);
}

static void begin_round(uint32_t index) {
    struct client *client = &clients[index];
    client->size = message_size(index, client->round);
    client->sent = client->received = 0;
}

static void end(uint32_t index) {
    close(clients[index].fd);
    clients[index].fd = -1;
    done++;
}

static void reset(uint32_t index) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(clients[index].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    resets++;
    end(index);
}

/* Sends what the socket takes. False when the client has ended by it. */
static int push(uint32_t index) {
    static uint8_t buffer[SIZE_MAX_BYTES];
    struct client *client = &clients[index];
    uint64_t key = message_key(index, client->round);
    int is_last = client->round + 1 == rounds;
    uint32_t until = client->size;
    int resets_now = client->ending == RESETS && client->round == rounds / 2;
    if (resets_now)
        until = (client->size + 1) / 2;
    while (client->sent < until) {
        uint32_t count = until - client->sent;
        fill(buffer, key, client->sent, count);
        ssize_t taken = send(client->fd, buffer, count, MSG_NOSIGNAL);
        if (taken < 0 && errno == EAGAIN)
            return 1;
        if (taken < 0)
            give_up(1, strerror(errno), index);
        client->sent += (uint32_t)taken;
    }
    if (resets_now) {
        reset(index);
        return 0;
    }
    if (is_last && client->ending == CLOSES_UNREAD) {
        unread++;
        end(index);
        return 0;
    }
    if (is_last && client->ending == SHUTS_DOWN)
        shutdown(client->fd, SHUT_WR); /* the echo is still to come */
    return 1;
}

/* Takes what has come and compares it. */
static void pull(uint32_t index) {
    static uint8_t got[SIZE_MAX_BYTES], expected[SIZE_MAX_BYTES];
    struct client *client = &clients[index];
    for (;;) {
        ssize_t count = recv(client->fd, got, sizeof got, 0);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0)
            give_up(1, strerror(errno), index);
        if (count == 0) {
            if (!client->awaits_end)
                give_up(1, "the server closed before the echo was whole", index);
            if (client->ending == SHUTS_DOWN)
                shut_down++;
            end(index);
            return;
        }
        if (client->awaits_end || (uint32_t)count > client->sent - client->received)
            give_up(1, "bytes came that were not sent", index);
        fill(expected, message_key(index, client->round), client->received, (uint32_t)count);
        if (memcmp(got, expected, (size_t)count) != 0)
            give_up(1, "the echo differs from what was sent", index);
        client->received += (uint32_t)count;
        bytes += (uint64_t)count;
        if (client->received < client->size)
            continue;
        messages++;
        if (client->round + 1 < rounds) {
            client->round++;
            begin_round(index);
            if (!push(index))
                return;
        } else {
            if (client->ending != SHUTS_DOWN && shutdown(client->fd, SHUT_WR) < 0)
                give_up(1, strerror(errno), index);
            client->awaits_end = 1;
        }
    }
}

static void start_connect(uint32_t index) {
    struct sockaddr_in address = loopback(port);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        give_up(2, strerror(errno), index);
    clients[index].fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        give_up(1, strerror(errno), index);
    watch(index, EPOLLOUT | EPOLLET, EPOLL_CTL_ADD);
}

static void connect_all(double deadline) {
    struct epoll_event events[EVENTS_MAX];
    uint32_t started = 0;
    while (connected < clients_count) {
        while (started < clients_count && started - connected < CONNECTING_MAX)
            start_connect(started++);
        int count = epoll_wait(poller, events, EVENTS_MAX, 1000);
        for (int i = 0; i < count; i++) {
            uint32_t index = events[i].data.u32;
            int error = 0;
            socklen_t length = sizeof error;
            getsockopt(clients[index].fd, SOL_SOCKET, SO_ERROR, &error, &length);
            if (error)
                give_up(1, strerror(error), index);
            epoll_ctl(poller, EPOLL_CTL_DEL, clients[index].fd, NULL);
            connected++;
        }
        if (seconds() > deadline)
            give_up(1, "cannot connect in time", connected);
    }
}

static void exchange_all(double deadline) {
    struct epoll_event events[EVENTS_MAX];
    for (uint32_t i = 0; i < clients_count; i++) {
        watch(i, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, EPOLL_CTL_ADD);
        begin_round(i);
    }
    while (done < clients_count) {
        int count = epoll_wait(poller, events, EVENTS_MAX, 1000);
        for (int i = 0; i < count; i++) {
            uint32_t index = events[i].data.u32;
            if (clients[index].fd < 0)
                continue;
            if (events[i].events & EPOLLOUT && !push(index))
                continue;
            pull(index);
        }
        if (seconds() > deadline) {
            uint32_t stuck = 0;
            while (stuck < clients_count && clients[stuck].fd < 0)
                stuck++;
            fprintf(stderr, "echo_load: %u of %u clients are done\n", done, clients_count);
            give_up(1, "no answer in time", stuck);
        }
    }
}

/* Asks until the server holds so many tasks, or the time is up. */
static void await_tasks(uint32_t tasks, char status[256]) {
    double deadline = seconds() + SETTLE_SECONDS_MAX;
    struct timespec between = {.tv_nsec = 20 * 1000 * 1000};
    do {
        ask_status(status);
        if (tasks_in(status) == tasks)
            return;
        nanosleep(&between, NULL);
    } while (seconds() < deadline);
    fprintf(stderr, "echo_load: expected %u tasks; the server holds %s\n", tasks, status);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: echo_load PORT STATUS_PORT SERVER_PID CLIENTS ROUNDS SEED\n");
        return 2;
    }
    port = (uint16_t)atoi(argv[1]);
    status_port = (uint16_t)atoi(argv[2]);
    long pid = atol(argv[3]);
    clients_count = (uint32_t)atol(argv[4]);
    rounds = (uint32_t)atol(argv[5]);
    seed = strtoull(argv[6], NULL, 10);
    clients = calloc(clients_count, sizeof *clients);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || poller < 0 || rounds == 0 || clients_count == 0)
        give_up(2, "cannot begin", clients_count);
    for (uint32_t i = 0; i < clients_count; i++) {
        clients[i].fd = -1;
        clients[i].ending = i % 100 == 17 ? RESETS : i % 200 == 42 ? SHUTS_DOWN : i % 200 == 142 ? CLOSES_UNREAD : WAITS;
    }

    char before[256], full[256], after[256];
    double start = seconds();
    double deadline = start + RUN_SECONDS_MAX;
    /* The first answer makes the server's first use of whatever it needs for one. */
    ask_status(before);
    ask_status(before);
    long kib_before = resident_kib(pid);
    connect_all(deadline);
    double connected_at = seconds();
    printf("%u clients connected in %.2f s, none has sent a byte\n", clients_count, connected_at - start);
    if (status_port) {
        await_tasks(tasks_in(before) + clients_count, full);
        printf("before:  %s\nfull:    %s\n", before, full);
        long kib = resident_kib(pid) - kib_before;
        double each = (double)kib * 1024 / clients_count;
        printf("memory an idle connection: %.0f bytes (resident %ld KiB before, %ld KiB more with all connected)\n",
               each, kib_before, kib);
        if (clients_count >= MANY && each > IDLE_BYTES_MAX)
            give_up(1, "an idle connection takes too much memory", clients_count);
        struct timespec pause = {.tv_sec = IDLE_SECONDS};
        long ticks = processor_ticks(pid);
        nanosleep(&pause, NULL);
        ticks = processor_ticks(pid) - ticks;
        double share = 100.0 * (double)ticks / (double)sysconf(_SC_CLK_TCK) / IDLE_SECONDS;
        printf("processor time with all idle: %ld ticks in %d s (%.1f %%)\n", ticks, IDLE_SECONDS, share);
        if (ticks > 1)
            give_up(1, "an idle server uses the processor", clients_count);
    }

    double first_byte = seconds();
    long ticks = processor_ticks(pid);
    exchange_all(deadline);
    double took = seconds() - first_byte;
    ticks = processor_ticks(pid) - ticks;
    printf("%llu messages, %.1f MB there and back in %.2f s (%.0f messages/s; server %.2f s of processor time)\n",
           (unsigned long long)messages, (double)bytes / 1e6, took, (double)messages / took,
           (double)ticks / (double)sysconf(_SC_CLK_TCK));
    printf("%llu clients reset midway, %llu closed right after their last byte, %llu shut down after it\n",
           (unsigned long long)resets, (unsigned long long)unread, (unsigned long long)shut_down);
    uint64_t expected = (uint64_t)clients_count * rounds - resets * (rounds - rounds / 2) - unread;
    if (messages != expected)
        give_up(1, "echoes are missing", clients_count);
    if (status_port) {
        await_tasks(tasks_in(before), after);
        printf("after:   %s\n", after);
        if (strcmp(before, after) != 0)
            give_up(1, "the server does not hold what it held before", clients_count);
    }
    printf("nothing lost, nothing mixed; %.1f s in all (seed %llu)\n", seconds() - start, (unsigned long long)seed);
    return 0;
}
