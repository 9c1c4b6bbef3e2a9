/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "direct-backend.h"

#include <glib/gi18n-lib.h>

/* The host has a public address, so there is nothing to map. No packet is sent. */
struct _PlumDirectBackend
{
  PlumBackend parent_instance;
};

G_DEFINE_FINAL_TYPE (PlumDirectBackend, plum_direct_backend, PLUM_TYPE_BACKEND)

/* (nullable): NULL, and the call fails, if the local address is not public. */
static GInetAddress *
plum_direct_backend_get_address (PlumBackend *backend, PlumCall *call)
{
  PlumNetwork *network = plum_backend_get_network (backend);
  GInetAddress *local = plum_network_get_local_address (network);
  g_autofree char *host = NULL;
  g_autofree char *message = NULL;

  /* The address of this host is not that of a router. */
  if (plum_network_get_hop (network) > 1)
    {
      plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                      _ ("the address of this host does not open a port of a router"));
      return NULL;
    }

  /* A program that sets a gateway address requires that gateway to be used. */
  if (plum_network_get_overridden (network))
    {
      plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                      _ ("the address of this host is not used, because a gateway is set"));
      return NULL;
    }

  /* A public IPv6 address is usually behind a firewall in the router. */
  if (local == NULL || g_inet_address_get_family (local) != G_SOCKET_FAMILY_IPV4)
    {
      plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                      _ ("an IPv6 address of this host, even a public one, does not open a port"));
      return NULL;
    }

  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_PUBLIC)
    return local;

  host = g_inet_address_to_string (local);
  message = g_strdup_printf (_ ("this host's address %s is not a public address"), host);
  plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, message);
  return NULL;
}

static void
plum_direct_backend_discover (PlumBackend *backend, PlumCall *call)
{
  if (plum_direct_backend_get_address (backend, call) != NULL)
    plum_call_return_done (call);
}

static void
plum_direct_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  GInetAddress *address = plum_direct_backend_get_address (backend, call);
  g_autoptr (PlumLease) lease = NULL;

  if (address == NULL)
    return;

  lease =
    plum_lease_new (address, plum_request_get_internal_port (request), PLUM_LIFETIME_FOREVER, NULL);
  plum_call_return_lease (call, lease);
}

static void
plum_direct_backend_unmap (PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease,
                           PlumCall *call)
{
  /* Without a lease, the mapping may be one of another protocol. */
  if (lease != NULL)
    plum_call_return_done (call);
  else
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    _ ("This computer has a public address: there is no mapping to remove"));
}

static void
plum_direct_backend_check (PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease,
                           PlumCall *call)
{
  if (plum_direct_backend_get_address (backend, call) != NULL)
    plum_call_return_done (call);
}

static void
plum_direct_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  GInetAddress *address = plum_direct_backend_get_address (backend, call);

  if (address != NULL)
    plum_call_return_address (call, address);
}

static void
plum_direct_backend_class_init (PlumDirectBackendClass *klass)
{
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  backend_class->title = "Direct";
  backend_class->discover = plum_direct_backend_discover;
  backend_class->map = plum_direct_backend_map;
  backend_class->unmap = plum_direct_backend_unmap;
  backend_class->check = plum_direct_backend_check;
  backend_class->get_external_address = plum_direct_backend_get_external_address;
}

static void
plum_direct_backend_init (PlumDirectBackend *self)
{
}
