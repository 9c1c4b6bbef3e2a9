/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-gateway ADDRESS pcp|natpmp|upnp: a fake router in a separate process. Prints "ready" when
 * it accepts requests, and exits when its standard input is closed. */

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "fake-gateway.h"
#include "fake-igd.h"

#define SSDP_GROUP "239.255.255.250"
#define SSDP_PORT 1900

typedef struct
{
  FakeIgd *igd;
  GSocket *group;
} Group;

/* The fake router answers unicast searches only. Answers multicast searches for the targets that
 * control points use. */
static gboolean
on_group_search (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Group *group = user_data;
  g_autoptr (GSocketAddress) peer = NULL;
  g_autofree char *target = NULL;
  g_autofree char *answer = NULL;
  char text[2048];
  const char *st;
  gssize n;

  n = g_socket_receive_from (socket, &peer, text, sizeof text - 1, NULL, NULL);
  if (n <= 0)
    return G_SOURCE_CONTINUE;

  text[n] = '\0';
  st = strstr (text, "\r\nST:");
  if (!g_str_has_prefix (text, "M-SEARCH") || st == NULL)
    return G_SOURCE_CONTINUE;

  target = g_strstrip (g_strndup (st + 5, strcspn (st + 5, "\r")));
  if (strstr (target, "InternetGatewayDevice:1") == NULL &&
      strstr (target, "WANIPConnection:1") == NULL && !g_str_equal (target, "upnp:rootdevice"))
    return G_SOURCE_CONTINUE;

  answer =
    g_strdup_printf ("HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n"
                     "LOCATION: http://%s:%u/rootDesc.xml\r\nSERVER: bench/1 UPnP/1.1 bench/1\r\n"
                     "ST: %s\r\nUSN: %s::%s\r\n\r\n",
                     group->igd->address, group->igd->port, target,
                     strstr (target, "WAN") != NULL ? FAKE_IGD_CONNECTION_UDN : FAKE_IGD_UDN,
                     target);
  g_socket_send_to (group->igd->ssdp, peer, answer, strlen (answer), NULL, NULL);
  return G_SOURCE_CONTINUE;
}

static GSource *
listen_to_group (Group *group, const char *address)
{
  g_autoptr (GInetAddress) multicast = g_inet_address_new_from_string (SSDP_GROUP);
  g_autoptr (GSocketAddress) bound = g_inet_socket_address_new (multicast, SSDP_PORT);
  g_autoptr (GError) error = NULL;
  GSource *source;

  group->group =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  if (!g_socket_bind (group->group, bound, TRUE, &error) ||
      !g_socket_join_multicast_group (group->group, multicast, FALSE, "lan0", &error))
    g_printerr ("bench-gateway: Cannot join the multicast group: %s\n", error->message);

  source = g_socket_create_source (group->group, G_IO_IN, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_group_search), group, NULL);
  g_source_attach (source, NULL);
  return source;
}

static gboolean
on_stdin (int fd, GIOCondition condition, gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GSource) source = NULL;
  FakeGateway *gateway = NULL;
  Group group = { NULL };

  if (argc != 3)
    {
      g_printerr ("Usage: bench-gateway ADDRESS pcp|natpmp|upnp\n");
      return 2;
    }

  if (g_str_equal (argv[2], "upnp"))
    {
      group.igd = fake_igd_new (argv[1]);
      source = listen_to_group (&group, argv[1]);
    }
  else
    {
      gateway = fake_gateway_new (argv[1]);
      gateway->switches.pcp = g_str_equal (argv[2], "pcp") ? FAKE_ON : FAKE_OFF;
    }

  g_print ("ready\n");
  g_unix_fd_add (STDIN_FILENO, G_IO_HUP | G_IO_IN, on_stdin, loop);
  g_main_loop_run (loop);

  if (source != NULL)
    g_source_destroy (source);
  g_clear_object (&group.group);
  g_clear_pointer (&group.igd, fake_igd_free);
  g_clear_pointer (&gateway, fake_gateway_free);
  return 0;
}
