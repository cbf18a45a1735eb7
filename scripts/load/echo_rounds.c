/*
 * Rounds of one message a client, for counting what a server does for each: it checks nothing but
 * that the echoes are as long as what was sent.
 *
 * usage: echo_rounds PORT CLIENTS ROUNDS
 *
 * In a round all clients send 64 bytes, and then all wait for theirs.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 64 };

static _Noreturn void give_up(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: echo_rounds PORT CLIENTS ROUNDS\n");
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int clients = atoi(argv[2]), rounds = atoi(argv[3]), on = 1;
    int *sockets = calloc((size_t)clients, sizeof *sockets);
    char message[MESSAGE_BYTES] = {0};
    if (!sockets)
        give_up("echo_rounds: memory");
    for (int i = 0; i < clients; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&address, sizeof address) < 0)
            give_up("echo_rounds: connect");
        setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < clients; i++)
            if (send(sockets[i], message, sizeof message, MSG_NOSIGNAL) != sizeof message)
                give_up("echo_rounds: send");
        for (int i = 0; i < clients; i++)
            if (recv(sockets[i], message, sizeof message, MSG_WAITALL) != sizeof message)
                give_up("echo_rounds: recv");
    }
    return 0;
}
