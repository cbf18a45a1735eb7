/*
 * Drives a TCP server on 127.0.0.1 with requests of 64 bytes or so, and measures both sides.
 *
 * usage: load PORT CONNECTIONS SECONDS SERVER_PID CASE PEER [RATE [hot|stream]]
 *
 * The server echoes; with `stream` it is the program of that name. Replies are compared with what they
 * must be. Without RATE, or at 0, every connection asks again as soon as it is answered. With RATE the connections ask in
 * turn, so many times a second in all; a request's time counts from when it was due, and the next one
 * that is due waits for none. With `hot` one more connection keeps 16 KiB under way and is not counted.
 *
 * Prints lines `case peer metric value unit`. The server's CPU time is that of /proc/PID/stat, read at
 * both ends of the measured window, which begins half a second after the first request and is told on
 * standard error.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
    HOT_BYTES = 16 * 1024,
    EVENTS_MAX = 512,
    CONNECTING_MAX = 256, /* fewer than a listener's queue holds */
    CONNECT_TRIES_MAX = 50,
    CONNECT_PAUSE_US = 20000,
    SUB_BUCKETS = 64, /* of each power of two: an error below 1.6 % */
};

static const double WARM_UP_SECONDS = 0.5;

struct connection {
    int fd;
    int received;     /* bytes of the answer that is under way */
    int is_waiting;   /* for it */
    uint64_t sent_at;
};

struct usage {
    double user_seconds, seconds;
};

/* What is sent, and what has to come back. */
static struct exchange {
    const char *request, *reply;
    int request_bytes, reply_bytes;
} exchange;

static uint64_t histogram[64 * SUB_BUCKETS];
static char buffer[HOT_BYTES];

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static int bucket_of(uint64_t value) {
    if (value < SUB_BUCKETS) return (int)value;
    int shift = 63 - __builtin_clzll(value) - 6;
    return (shift + 1) * SUB_BUCKETS + (int)((value >> shift) - SUB_BUCKETS);
}

static double value_of(int bucket) {
    if (bucket < SUB_BUCKETS) return bucket;
    int shift = bucket / SUB_BUCKETS - 1;
    return (double)((uint64_t)(bucket % SUB_BUCKETS + SUB_BUCKETS) << shift) + (double)(1ull << shift) / 2;
}

static double quantile_us(double quantile, uint64_t total) {
    uint64_t wanted = (uint64_t)(quantile * (double)total), seen = 0;
    for (int bucket = 0; bucket < 64 * SUB_BUCKETS; bucket++)
        if ((seen += histogram[bucket]) > wanted) return value_of(bucket) / 1000.0;
    return 0;
}

static struct usage usage_of(int pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) fail(path);
    fclose(file);
    unsigned long user, system;
    char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) fail(path);
    double ticks = (double)sysconf(_SC_CLK_TCK);
    return (struct usage){(double)user / ticks, (double)(user + system) / ticks};
}

static long resident_bytes(int pid) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    while (fgets(line, sizeof line, file) && sscanf(line, "VmRSS: %ld", &kib) != 1) {}
    fclose(file);
    return kib * 1024;
}

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0) fail("socket");
    for (int tries = 0; connect(fd, (void *)&address, sizeof address); tries++) {
        if (tries == CONNECT_TRIES_MAX) fail("connect");
        usleep(CONNECT_PAUSE_US);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static struct exchange exchange_of(int is_stream) {
    static const char zeros[64];
    static const char request[] = "PUT /stream HTTP/1.1\r\nContent-Length: 18\r\n\r\na body of 18 bytes";
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nPUT /stream\na body of 18 bytes";
    if (!is_stream) return (struct exchange){zeros, zeros, sizeof zeros, sizeof zeros};
    return (struct exchange){request, reply, sizeof request - 1, sizeof reply - 1};
}

/* Of `count` more bytes of an answer; the rest of it is still to come. */
static void check_reply(int received, ssize_t count) {
    if (!memcmp(buffer, exchange.reply + received, (size_t)count)) return;
    fprintf(stderr, "load: a reply is not what it has to be\n");
    exit(1);
}

static void send_request(int fd) {
    if (write(fd, exchange.request, (size_t)exchange.request_bytes) != exchange.request_bytes) fail("write");
}

/* Until the server has taken this connection, and so all before it. */
static void wait_until_accepted(int fd) {
    send_request(fd);
    if (recv(fd, buffer, (size_t)exchange.reply_bytes, MSG_WAITALL) != exchange.reply_bytes) fail("recv");
    check_reply(0, exchange.reply_bytes);
}

static void ask(struct connection *c, uint64_t at) {
    c->sent_at = at;
    c->is_waiting = 1;
    send_request(c->fd);
}

/* Sends back what came, so that as much is under way as before. */
static void keep_hot(struct connection *c) {
    ssize_t count = read(c->fd, buffer, sizeof buffer);
    if (count == 0 || (count < 0 && errno != EAGAIN)) fail("read");
    /* It fits: no more than this is ever in the socket. */
    if (count > 0 && write(c->fd, buffer, (size_t)count) != count) fail("write");
}

/* Is the answer there, all of it? */
static int is_answered(struct connection *c) {
    ssize_t count = read(c->fd, buffer, (size_t)(exchange.reply_bytes - c->received));
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) fail("the server has closed a connection");
    check_reply(c->received, count);
    c->received += (int)count;
    if (c->received < exchange.reply_bytes) return 0;
    c->received = 0;
    c->is_waiting = 0;
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 7 || argc > 9) return fprintf(stderr, "load: wrong number of arguments\n"), 2;
    int port = atoi(argv[1]), count = atoi(argv[2]), pid = atoi(argv[4]);
    double seconds = atof(argv[3]), rate = argc > 7 ? atof(argv[7]) : 0;
    const char *name = argv[5], *peer = argv[6];
    int has_hot = argc > 8 && !strcmp(argv[8], "hot"), paced = rate > 0;
    exchange = exchange_of(argc > 8 && !strcmp(argv[8], "stream"));
    long resident_before = resident_bytes(pid);

    int epoll = epoll_create1(0), all = count + has_hot;
    struct connection *connections = calloc((size_t)all, sizeof *connections), *hot = connections + count;
    for (struct connection *c = connections; c < connections + all; c++) {
        c->fd = connect_to(port);
        if ((c - connections) % CONNECTING_MAX == CONNECTING_MAX - 1) wait_until_accepted(c->fd);
        fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
    }
    if (has_hot && write(hot->fd, buffer, HOT_BYTES) != HOT_BYTES) fail("write");
    for (struct connection *c = connections; !paced && c < connections + count; c++) ask(c, now_ns(CLOCK_MONOTONIC));

    uint64_t now = now_ns(CLOCK_MONOTONIC), gap = paced ? (uint64_t)(1e9 / rate) : 0, due = now;
    uint64_t begin = now + (uint64_t)(WARM_UP_SECONDS * 1e9), end = begin + (uint64_t)(seconds * 1e9);
    uint64_t done = 0, missed = 0, own_before = 0, turn = 0;
    struct usage before = {0};
    int is_measuring = 0;
    struct epoll_event events[EVENTS_MAX];
    while (now < end) {
        /* A paced load never sleeps: it would wake too late. */
        int ready = epoll_wait(epoll, events, EVENTS_MAX, paced ? 0 : 200);
        now = now_ns(CLOCK_MONOTONIC);
        if (!is_measuring && now >= begin) {
            is_measuring = 1;
            begin = now;
            end = begin + (uint64_t)(seconds * 1e9);
            before = usage_of(pid);
            own_before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
            fprintf(stderr, "load: measuring\n");
        }
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (has_hot && c == hot) {
                keep_hot(c);
                continue;
            }
            if (!is_answered(c)) continue;
            uint64_t at = now_ns(CLOCK_MONOTONIC);
            if (is_measuring) histogram[bucket_of(at - c->sent_at)]++, done++;
            if (!paced) ask(c, at);
        }
        for (; paced && due <= now; due += gap) {
            struct connection *c = &connections[turn++ % (uint64_t)count];
            if (c->is_waiting) missed += (uint64_t)is_measuring;
            else ask(c, due);
        }
    }
    struct usage after = usage_of(pid);
    now = now_ns(CLOCK_MONOTONIC);
    double elapsed = (double)(now - begin) / 1e9, cpu = after.seconds - before.seconds, millions = (double)done / 1e6;
    double own = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - own_before) / 1e9;
    if (!done) return fprintf(stderr, "load: no request was answered\n"), 1;
#define TELL(metric, value, unit) printf("%s %s %s %.3f %s\n", name, peer, metric, (double)(value), unit)
    TELL("requests", (double)done / elapsed, "1/s");
    TELL("p50", quantile_us(.5, done), "us");
    TELL("p99", quantile_us(.99, done), "us");
    TELL("server_cpu", cpu / millions, "s/M");
    TELL("server_user_cpu", (after.user_seconds - before.user_seconds) / millions, "s/M");
    TELL("server_busy", 100 * cpu / elapsed, "%");
    TELL("load_busy", 100 * own / elapsed, "%");
    TELL("memory_per_connection", (double)(resident_bytes(pid) - resident_before) / all, "B");
    if (paced) TELL("missed", missed, "requests");
    return 0;
}
