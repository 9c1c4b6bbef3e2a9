/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define _POSIX_C_SOURCE 200809L

#include <plum-service/plum-service.h>
#include <stdio.h>
#include <time.h>

/* What else the loop of the program does. */
static void
do_other_work (void)
{
  const struct timespec moment = { 0, 50 * 1000000 };

  nanosleep (&moment, NULL);
}

int
main (void)
{
  PlumService *service = plum_service_new (NULL, NULL);
  PlumServiceMapping mapping = { .size = sizeof mapping };
  PlumServiceRequest request;
  int id;

  if (service == NULL)
    return 1;

  /* Instead of initnatpmp() and sendnewportmappingrequest(). */
  plum_service_request_init (&request, sizeof request);
  request.protocol = PLUM_SERVICE_TCP;
  request.internal_port = 8080;
  id = plum_service_map (service, &request);

  /* Instead of select(), readnatpmpresponseorretry() and NATPMP_TRYAGAIN. Neither call waits. */
  while (plum_service_query (service, id, &mapping) == PLUM_SERVICE_OK &&
         mapping.state == PLUM_SERVICE_PENDING && mapping.error == PLUM_SERVICE_OK)
    do_other_work ();

  if (mapping.state == PLUM_SERVICE_SUCCESS)
    printf ("Mapped at %s, port %u\n",
            *mapping.external_host ? mapping.external_host : "an unknown address",
            mapping.external_port);
  else
    printf ("Not mapped: %s\n", mapping.error_text);

  /* Instead of a request with a lifetime of 0, and closenatpmp(). */
  plum_service_unmap_and_wait (service, id, 5000);
  plum_service_free (service);
  return mapping.state == PLUM_SERVICE_SUCCESS ? 0 : 1;
}
