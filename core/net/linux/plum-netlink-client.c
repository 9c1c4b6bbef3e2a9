/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-netlink-client-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

gboolean
plum_netlink_client_open (PlumNetlinkClient *self, GError **error)
{
  self->sequence = 0;
  self->fd = plum_netlink_open (0, error);
  return self->fd >= 0;
}

void
plum_netlink_client_close (PlumNetlinkClient *self)
{
  close (self->fd);
}

static gboolean
plum_netlink_client_send (PlumNetlinkClient *self, GByteArray *request, GError **error)
{
  const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
  int code;

  if (sendto (self->fd, request->data, request->len, 0, (const struct sockaddr *) &kernel,
              sizeof kernel) == (gssize) request->len)
    return TRUE;

  code = errno;
  return plum_netlink_set_io_error (error, code, _ ("Cannot query the kernel for routes"));
}

/* The socket is in no group, so the kernel sends nothing but answers to it. */
static gboolean
plum_netlink_client_is_answer (PlumNetlinkClient *self, const PlumNetlinkMessage *message)
{
  return message->sequence == self->sequence;
}

/* Searches a datagram for the answer to the last request. Returns FALSE without an error if it does
 * not contain it. */
static gboolean
plum_netlink_client_find_answer (PlumNetlinkClient *self,
                                 gsize len,
                                 PlumNetlinkMessage *answer,
                                 GError **error)
{
  PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (self->buffer, len);

  while (plum_netlink_reader_next (&reader, answer, error))
    {
      if (plum_netlink_client_is_answer (self, answer))
        return TRUE;
    }
  return FALSE;
}

/* Sends a request and receives the answer. If the kernel refuses it, sets *refusal to the errno. */
static gboolean
plum_netlink_client_query (PlumNetlinkClient *self,
                           GByteArray *request,
                           guint16 type,
                           PlumNetlinkMessage *answer,
                           int *refusal,
                           GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean found = FALSE;

  *refusal = 0;
  if (!plum_netlink_client_send (self, request, error))
    return FALSE;

  while (!found && local == NULL)
    {
      gssize n = plum_netlink_receive (self->fd, self->buffer, sizeof self->buffer);

      if (n < 0)
        return plum_netlink_set_io_error (error, (int) -n,
                                          _ ("The kernel did not report its routes"));
      found = plum_netlink_client_find_answer (self, (gsize) n, answer, &local);
    }

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (answer->type == NLMSG_ERROR)
    return plum_netlink_decode_error (answer, refusal, error);
  if (answer->type != type)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   _ ("The kernel answered with message type %u; expected %u"), answer->type, type);
      return FALSE;
    }
  return TRUE;
}

gboolean
plum_netlink_client_get_link (PlumNetlinkClient *self,
                              guint interface_index,
                              const char *name,
                              PlumNetlinkLink *out,
                              int *refusal,
                              GError **error)
{
  g_autoptr (GByteArray) request =
    plum_netlink_encode_get_link (++self->sequence, interface_index, name);
  PlumNetlinkMessage answer;

  if (!plum_netlink_client_query (self, request, RTM_NEWLINK, &answer, refusal, error))
    return FALSE;
  return *refusal != 0 || plum_netlink_decode_link (&answer, out, error);
}

/* With a request of netdevice(7): the answer to RTM_GETLINK has all attributes and statistics of
 * the interface, more than 1000 bytes. */
gboolean
plum_netlink_client_get_name (PlumNetlinkClient *self,
                              guint interface_index,
                              char name[PLUM_NETLINK_NAME_SIZE],
                              int *refusal,
                              GError **error)
{
  struct ifreq request = { .ifr_ifindex = (int) interface_index };
  PlumNetlinkLink link;

  *refusal = 0;
  if (ioctl (self->fd, SIOCGIFNAME, &request) == 0)
    {
      g_strlcpy (name, request.ifr_name, PLUM_NETLINK_NAME_SIZE);
      return TRUE;
    }

  if (!plum_netlink_client_get_link (self, interface_index, "", &link, refusal, error))
    return FALSE;
  if (*refusal == 0)
    memcpy (name, link.name, PLUM_NETLINK_NAME_SIZE);
  return TRUE;
}

gboolean
plum_netlink_client_get_route (PlumNetlinkClient *self,
                               int family,
                               const guint8 *destination,
                               guint interface_index,
                               guint flags,
                               PlumNetlinkRoute *out,
                               int *refusal,
                               GError **error)
{
  g_autoptr (GByteArray) request =
    plum_netlink_encode_get_route (++self->sequence, family, destination, interface_index, flags);
  PlumNetlinkMessage answer;

  if (!plum_netlink_client_query (self, request, RTM_NEWROUTE, &answer, refusal, error))
    return FALSE;
  return *refusal != 0 || plum_netlink_decode_route (&answer, out, error);
}

/* Dumps */

typedef void (*AppendFunc) (const PlumNetlinkMessage *message, GArray *items);

/* Reads one datagram of a dump. Clears *more at the end of the dump, or if the kernel refuses the
 * request. */
static gboolean
plum_netlink_client_read_part (PlumNetlinkClient *self,
                               gsize len,
                               guint16 type,
                               AppendFunc append,
                               GArray *items,
                               gboolean *more,
                               GError **error)
{
  PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (self->buffer, len);
  PlumNetlinkMessage message;
  g_autoptr (GError) local = NULL;

  while (*more && plum_netlink_reader_next (&reader, &message, &local))
    {
      if (!plum_netlink_client_is_answer (self, &message))
        continue;
      *more = message.type == type;
      if (*more)
        append (&message, items);
    }

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return TRUE;
}

/* The kernel queues each part when the previous part has been read. */
static gboolean
plum_netlink_client_dump (PlumNetlinkClient *self,
                          GByteArray *request,
                          guint16 type,
                          AppendFunc append,
                          GArray *items,
                          GError **error)
{
  gboolean more = TRUE;

  if (!plum_netlink_client_send (self, request, error))
    return FALSE;

  while (more)
    {
      gssize n = plum_netlink_receive (self->fd, self->buffer, sizeof self->buffer);

      if (n < 0)
        return plum_netlink_set_io_error (error, (int) -n,
                                          _ ("The kernel did not report its routes"));
      if (!plum_netlink_client_read_part (self, (gsize) n, type, append, items, &more, error))
        return FALSE;
    }
  return TRUE;
}

static void
append_address (const PlumNetlinkMessage *message, GArray *items)
{
  PlumNetlinkAddress address;

  if (plum_netlink_decode_address (message, &address, NULL))
    g_array_append_val (items, address);
}

GArray *
plum_netlink_client_get_addresses (PlumNetlinkClient *self)
{
  GArray *addresses = g_array_new (FALSE, FALSE, sizeof (PlumNetlinkAddress));
  g_autoptr (GByteArray) request = plum_netlink_encode_dump_addresses (++self->sequence);

  plum_netlink_client_dump (self, request, RTM_NEWADDR, append_address, addresses, NULL);
  return addresses;
}

static void
append_route (const PlumNetlinkMessage *message, GArray *items)
{
  PlumNetlinkRoute route;

  if (plum_netlink_decode_route (message, &route, NULL))
    g_array_append_val (items, route);
}

GArray *
plum_netlink_client_get_routes (PlumNetlinkClient *self, int family, GError **error)
{
  g_autoptr (GArray) routes = g_array_new (FALSE, FALSE, sizeof (PlumNetlinkRoute));
  g_autoptr (GByteArray) request = plum_netlink_encode_dump_routes (++self->sequence, family);

  if (!plum_netlink_client_dump (self, request, RTM_NEWROUTE, append_route, routes, error))
    return NULL;
  return g_steal_pointer (&routes);
}
