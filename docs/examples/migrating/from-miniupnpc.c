/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-service/plum-service.h>
#include <stdio.h>

int
main (void)
{
  PlumService *service = plum_service_new (NULL, NULL);
  PlumServiceMapping mapping = { .size = sizeof mapping };
  PlumServiceRequest request;
  int id;

  if (service == NULL)
    return 1;

  /* Instead of upnpDiscover(), UPNP_GetValidIGD(), UPNP_GetExternalIPAddress() and
   * UPNP_AddPortMapping(). */
  plum_service_request_init (&request, sizeof request);
  request.protocol = PLUM_SERVICE_TCP;
  request.internal_port = 8080;
  request.external_port = 8080;
  request.description = "chat";
  id = plum_service_map_and_wait (service, &request, 10000, &mapping);
  if (id > 0)
    printf ("Mapped at %s, port %u\n",
            *mapping.external_host ? mapping.external_host : "an unknown address",
            mapping.external_port);
  else
    printf ("Not mapped: %s\n",
            *mapping.error_text ? mapping.error_text : plum_service_error_text (id));

  /* ... serve ... */

  /* Instead of UPNP_DeletePortMapping() and FreeUPNPUrls(). */
  plum_service_free (service);
  return id > 0 ? 0 : 1;
}
