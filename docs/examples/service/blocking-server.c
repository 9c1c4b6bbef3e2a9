/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server that blocks in accept(), and maps its port. It needs no GLib.
 *
 * gcc blocking-server.c $(pkg-config --cflags --libs plum-service-1.0) */

#define _POSIX_C_SOURCE 200809L

#include <netinet/in.h>
#include <plum-service/plum-service.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 8080

static int server = -1;

/* Also ends an accept() that has not started yet. */
static void
on_signal (int number)
{
  shutdown (server, SHUT_RDWR);
}

static int
listen_on (uint16_t port)
{
  struct sockaddr_in address = { 0 };
  int on = 1, fd = socket (AF_INET, SOCK_STREAM, 0);

  address.sin_family = AF_INET;
  address.sin_port = htons (port);
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind (fd, (struct sockaddr *) &address, sizeof address) != 0 || listen (fd, 8) != 0)
    return -1;
  return fd;
}

int
main (void)
{
  struct sigaction action = { 0 };
  PlumServiceMapping mapping = { 0 };
  PlumServiceConfig config;
  PlumServiceRequest request;
  PlumService *service;
  int client, id;

  server = listen_on (PORT);
  if (server < 0)
    {
      perror ("listen");
      return 1;
    }
  action.sa_handler = on_signal;
  sigaction (SIGINT, &action, NULL);

  plum_service_config_init (&config, sizeof config);
  config.application_name = "Example"; /* in the mapping table of the router */
  service = plum_service_new (&config, NULL);
  plum_service_request_init (&request, sizeof request);
  request.protocol = PLUM_SERVICE_TCP;
  request.internal_port = PORT;
  mapping.size = sizeof mapping;
  id = plum_service_map_and_wait (service, &request, 10000, &mapping);
  if (id > 0)
    printf ("Mapped at %s, port %u\n",
            *mapping.external_host ? mapping.external_host : "an unknown address",
            mapping.external_port);
  else
    printf ("Not mapped: %s\n",
            *mapping.error_text ? mapping.error_text : plum_service_error_text (id));
  fflush (stdout);

  while ((client = accept (server, NULL, NULL)) >= 0)
    {
      if (write (client, "hello\n", 6) < 0)
        perror ("write");
      close (client);
    }

  close (server);
  plum_service_free (service); /* unmaps the port */
  return 0;
}
