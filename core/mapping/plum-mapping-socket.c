/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

static gboolean
get_protocol (GSocket *socket, PlumProtocol *protocol)
{
  switch (g_socket_get_socket_type (socket))
    {
    case G_SOCKET_TYPE_STREAM:
      *protocol = PLUM_PROTOCOL_TCP;
      return TRUE;
    case G_SOCKET_TYPE_DATAGRAM:
      *protocol = PLUM_PROTOCOL_UDP;
      return TRUE;
    case G_SOCKET_TYPE_INVALID:
    case G_SOCKET_TYPE_SEQPACKET:
    default:
      return FALSE;
    }
}

/* An IPv6 socket that is bound to any address, and accepts IPv4, is for IPv4: most hosts need a
 * mapping only for that. */
static GSocketFamily
get_family (GSocket *socket, GInetAddress *address)
{
  GSocketFamily family = g_inet_address_get_family (address);

  if (family == G_SOCKET_FAMILY_IPV6 && g_inet_address_get_is_any (address) &&
      g_socket_speaks_ipv4 (socket))
    return G_SOCKET_FAMILY_IPV4;

  return family;
}

static void
set_unbound (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_INITIALIZED,
                       _ ("The socket is not bound to a port"));
}

static PlumMapping *
new_for_endpoint (GSocket *socket, PlumProtocol protocol, GSocketAddress *bound, GError **error)
{
  GInetSocketAddress *endpoint = G_INET_SOCKET_ADDRESS (bound);
  GInetAddress *address = g_inet_socket_address_get_address (endpoint);
  guint16 port = g_inet_socket_address_get_port (endpoint);

  if (g_inet_address_get_is_loopback (address))
    {
      g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        _ ("The socket is bound to the loopback interface, which no router reaches"));
      return NULL;
    }
  if (port == 0)
    {
      set_unbound (error);
      return NULL;
    }

  return g_object_new (PLUM_TYPE_MAPPING, "protocol", protocol, "family",
                       get_family (socket, address), "internal-port", (guint) port, "local-address",
                       g_inet_address_get_is_any (address) ? NULL : address, NULL);
}

/**
 * plum_mapping_new_for_socket:
 * @socket: a bound TCP or UDP socket
 * @error: return location for an error
 *
 * Creates a mapping for the port that a socket is bound to, without a preferred external port.
 *
 * The mapping has the protocol and the port of the socket. If the socket is bound to one address,
 * that is [property@Plum.Mapping:local-address]; otherwise the mapping is for IPv4 if the socket
 * accepts IPv4, and for IPv6 if not. The mapping does not keep the socket. Nothing is sent before
 * [method@Plum.Manager.add_mapping].
 *
 * Errors: %G_IO_ERROR_NOT_INITIALIZED if the socket is not bound to a port;
 * %G_IO_ERROR_INVALID_ARGUMENT if it is bound to the loopback interface; %G_IO_ERROR_NOT_SUPPORTED
 * if it is neither a TCP nor a UDP socket; or the error of [method@Gio.Socket.get_local_address].
 *
 * Returns: (transfer full): a new mapping
 *
 * Since: 1.0
 */
PlumMapping *
plum_mapping_new_for_socket (GSocket *socket, GError **error)
{
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) local = NULL;
  PlumProtocol protocol;

  g_return_val_if_fail (G_IS_SOCKET (socket), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  bound = g_socket_get_local_address (socket, &local);
  if (bound == NULL)
    {
      /* Some systems give no address to a socket that is not bound. */
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
        set_unbound (error);
      else
        g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  if (G_IS_INET_SOCKET_ADDRESS (bound) && get_protocol (socket, &protocol))
    return new_for_endpoint (socket, protocol, bound, error);

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                       _ ("The socket is neither a TCP nor a UDP socket"));
  return NULL;
}
