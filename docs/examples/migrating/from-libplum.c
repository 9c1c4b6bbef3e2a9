/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define _POSIX_C_SOURCE 200809L

#include <plum-service/plum-service.h>
#include <signal.h>
#include <stdio.h>

/* Runs on the thread of the service, as the callback of libplum runs on that of the library. */
static void
on_mapping (PlumService *service, const PlumServiceMapping *mapping, void *data)
{
  if (mapping->state == PLUM_SERVICE_DESTROYING || mapping->state == PLUM_SERVICE_DESTROYED)
    return;

  if (mapping->state == PLUM_SERVICE_SUCCESS)
    printf ("Mapped at %s, port %u\n",
            *mapping->external_host ? mapping->external_host : "an unknown address",
            mapping->external_port);
  else if (mapping->error != PLUM_SERVICE_OK)
    printf ("Not mapped: %s\n", mapping->error_text);
  fflush (stdout);
}

int
main (void)
{
  PlumServiceRequest request;
  PlumService *service;
  sigset_t interrupt;
  int number;

  sigemptyset (&interrupt);
  sigaddset (&interrupt, SIGINT);
  sigprocmask (SIG_BLOCK, &interrupt, NULL);

  /* Instead of plum_init(). */
  service = plum_service_new (NULL, NULL);
  if (service == NULL)
    return 1;

  /* Instead of plum_create_mapping(). */
  plum_service_request_init (&request, sizeof request);
  request.protocol = PLUM_SERVICE_TCP;
  request.internal_port = 8080;
  request.callback = on_mapping;
  if (plum_service_map (service, &request) < 0)
    return 1;

  sigwait (&interrupt, &number);

  /* Instead of plum_cleanup(), and removes the mapping. */
  plum_service_free (service);
  return 0;
}
