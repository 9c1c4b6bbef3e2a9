/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parrot-backend.h"

#include "parrot-exchange.h"

/* The library keeps the mappings, their lifetimes and their errors. A backend keeps only what its
 * protocol needs; here, nothing. */
struct _ParrotBackend
{
  PlumBackend parent_instance;
};

G_DEFINE_FINAL_TYPE (ParrotBackend, parrot_backend, PLUM_TYPE_BACKEND)

static void
on_done (PlumCall *call, const ParrotAnswer *answer)
{
  plum_call_return_done (call);
}

static void
on_address (PlumCall *call, const ParrotAnswer *answer)
{
  plum_call_return_address (call, answer->address);
}

static void
on_mapped (PlumCall *call, const ParrotAnswer *answer)
{
  g_autoptr (PlumLease) lease = NULL;

  if (answer->external_port == 0)
    {
      plum_call_fail (call, PLUM_ERROR_MALFORMED, "Parrot: no port in the response to MAP");
      return;
    }

  lease = plum_lease_new (answer->address, answer->external_port, answer->lifetime, NULL);
  plum_call_return_lease (call, lease);
}

static void
parrot_backend_discover (PlumBackend *backend, PlumCall *call)
{
  guint32 number = g_random_int ();
  g_autoptr (GBytes) datagram = parrot_encode_hello (number);

  parrot_exchange_start (backend, call, number, datagram, PLUM_ERROR_REFUSED, on_done);
}

static void
parrot_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  guint32 number = g_random_int ();
  g_autoptr (GBytes) datagram = parrot_encode_map (number, plum_request_get_protocol (request),
                                                   plum_request_get_internal_port (request),
                                                   plum_request_get_external_port (request),
                                                   plum_request_get_lifetime (request));

  parrot_exchange_start (backend, call, number, datagram, PLUM_ERROR_CONFLICT, on_mapped);
}

/* lease may be NULL: MAP was not answered, but the router may have mapped the port; or an earlier
 * run of the program has mapped it. */
static void
parrot_backend_unmap (PlumBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  guint32 number = g_random_int ();
  g_autoptr (GBytes) datagram = parrot_encode_map (number, plum_request_get_protocol (request),
                                                   plum_request_get_internal_port (request), 0, 0);

  parrot_exchange_start (backend, call, number, datagram, PLUM_ERROR_REFUSED, on_done);
}

/* A missing mapping is reported as PLUM_ERROR_DESTROYED. The library then maps it again. */
static void
parrot_backend_check (PlumBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  guint32 number = g_random_int ();
  g_autoptr (GBytes) datagram = parrot_encode_ask (number, plum_request_get_protocol (request),
                                                   plum_request_get_internal_port (request));

  parrot_exchange_start (backend, call, number, datagram, PLUM_ERROR_DESTROYED, on_done);
}

static void
parrot_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  guint32 number = g_random_int ();
  g_autoptr (GBytes) datagram = parrot_encode_hello (number);

  parrot_exchange_start (backend, call, number, datagram, PLUM_ERROR_REFUSED, on_address);
}

/* list and delete_entry are not set: the protocol cannot list mappings. To remove one that is not
 * recorded, the library calls unmap without a lease. */
static void
parrot_backend_class_init (ParrotBackendClass *klass)
{
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  backend_class->discover = parrot_backend_discover;
  backend_class->map = parrot_backend_map;
  backend_class->unmap = parrot_backend_unmap;
  backend_class->check = parrot_backend_check;
  backend_class->get_external_address = parrot_backend_get_external_address;
}

static void
parrot_backend_init (ParrotBackend *self)
{
}
