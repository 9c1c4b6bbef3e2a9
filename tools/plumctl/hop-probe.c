/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "hop-probe.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

/* Needs the kernel headers above, but does not include them. */
#include <linux/errqueue.h>

/* The address that the library's route lookup uses for the internet, a.root-servers.net. The
 * datagram does not reach it. */
#define INTERNET "198.41.0.4"

/* Routers answer within milliseconds, also over a slow line. */
#define WAIT_MS 1000

/* Identifies the datagram in a packet capture. */
static const char content[] = "plumctl doctor";

static void
finish (HopProbe *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  g_source_destroy (self->source);
  self->done (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  HopProbe *self = user_data;

  self->deadline_id = 0;
  finish (self);
  return G_SOURCE_REMOVE;
}

/* The router that discarded the datagram; NULL if another error was reported. */
static GInetAddress *
read_offender (struct msghdr *message)
{
  for (struct cmsghdr *part = CMSG_FIRSTHDR (message); part != NULL;
       part = CMSG_NXTHDR (message, part))
    {
      const struct sock_extended_err *error = (const void *) CMSG_DATA (part);
      const struct sockaddr_in *offender = (const void *) SO_EE_OFFENDER (error);

      if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_RECVERR ||
          error->ee_origin != SO_EE_ORIGIN_ICMP || error->ee_type != ICMP_TIME_EXCEEDED ||
          offender->sin_family != AF_INET)
        continue;
      return g_inet_address_new_from_bytes ((const guint8 *) &offender->sin_addr,
                                            G_SOCKET_FAMILY_IPV4);
    }

  return NULL;
}

/* Any message ends the probe: an unreachable network or a host that was reached is not a hop. */
static gboolean
on_ready (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  HopProbe *self = user_data;
  guint8 control[512];
  struct msghdr message = { .msg_control = control, .msg_controllen = sizeof control };

  if (recvmsg (g_socket_get_fd (socket), &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
    self->hop = read_offender (&message);

  finish (self);
  return G_SOURCE_REMOVE;
}

static gboolean
create_socket (HopProbe *self, GSocketAddress *internet, const char *interface)
{
  self->socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  if (self->socket == NULL)
    return FALSE;

  g_socket_set_blocking (self->socket, FALSE);
  /* Needs no privileges since Linux 5.7. If it fails, the datagram would take another path. */
  if (interface != NULL && setsockopt (g_socket_get_fd (self->socket), SOL_SOCKET, SO_BINDTODEVICE,
                                       interface, (socklen_t) strlen (interface)) != 0)
    return FALSE;

  return g_socket_set_option (self->socket, IPPROTO_IP, IP_TTL, (int) self->ttl, NULL) &&
         g_socket_set_option (self->socket, IPPROTO_IP, IP_RECVERR, 1, NULL) &&
         g_socket_connect (self->socket, internet, NULL, NULL);
}

/* FALSE: the probe cannot be sent, and done() is not called. @interface: the only interface that
 * the probe may use; nullable. */
gboolean
hop_probe_start (HopProbe *self, const char *interface)
{
  g_autoptr (GSocketAddress) internet =
    g_inet_socket_address_new_from_string (INTERNET, HOP_PROBE_PORT);
  g_autoptr (GBytes) bytes = g_bytes_new_static (content, sizeof content - 1);

  if (!create_socket (self, internet, interface) ||
      g_socket_send (self->socket, content, sizeof content - 1, NULL, NULL) < 0)
    return FALSE;

  if (self->traffic != NULL)
    self->traffic (self, internet, bytes);
  self->source = g_socket_create_source (self->socket, G_IO_IN | G_IO_ERR, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->source, NULL);
  self->deadline_id = g_timeout_add (WAIT_MS, on_deadline, self);
  return TRUE;
}

void
hop_probe_clear (HopProbe *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->socket);
  g_clear_object (&self->hop);
}
