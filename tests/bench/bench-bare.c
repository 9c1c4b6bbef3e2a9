/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * bench-bare pcp|natpmp|upnp GATEWAY LOCAL-ADDRESS N RUNS
 *
 * bench-bare: does nothing but load GIO.
 *
 * Sends the same requests as the library without it, one after the other, for comparison. Prints
 * the time for N mappings in µs, one line per run.
 *
 * pcp and natpmp work like a GLib program: they query the route, and a GSocket in a main context
 * waits for each answer. rawpcp and rawnatpmp use a blocking socket only, which a program with a
 * main loop cannot do. upnp uses blocking sockets.
 */

#include <arpa/inet.h>
#include <gio/gio.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *gateway;
static const char *local;

static struct sockaddr_in
address_of (const char *host, guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = g_htons (port) };

  inet_pton (AF_INET, host, &address.sin_addr);
  return address;
}

static int
connect_to (int type, guint16 port)
{
  struct sockaddr_in address = address_of (gateway, port);
  int fd = socket (AF_INET, type, 0);
  int one = 1;

  if (type == SOCK_STREAM)
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
    g_error ("cannot connect to port %u", port);
  return fd;
}

/* Queries the kernel for the route to the gateway. */
static void
query_route (void)
{
  struct
  {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr attribute;
    struct in_addr destination;
  } request = {
    .header = { .nlmsg_len = sizeof request,
                .nlmsg_type = RTM_GETROUTE,
                .nlmsg_flags = NLM_F_REQUEST },
    .route = { .rtm_family = AF_INET, .rtm_dst_len = 32 },
    .attribute = { .rta_len = RTA_LENGTH (sizeof (struct in_addr)), .rta_type = RTA_DST },
  };
  char answer[4096];
  int fd = socket (AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

  request.destination = address_of (gateway, 0).sin_addr;
  if (send (fd, &request, sizeof request, 0) < 0 || recv (fd, answer, sizeof answer, 0) < 0)
    g_error ("no route");
  close (fd);
}

static GSocket *loop_socket;
static gboolean loop_answered;

static gboolean
on_answer (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  guint8 answer[1500];

  if (g_socket_receive (socket, (char *) answer, sizeof answer, NULL, NULL) < 4 || answer[3] != 0)
    g_error ("no good answer");
  loop_answered = TRUE;
  return G_SOURCE_CONTINUE;
}

static GSource *
loop_open (void)
{
  g_autoptr (GSocketAddress) to = g_inet_socket_address_new_from_string (gateway, 5351);
  g_autoptr (GSocketAddress) from = g_inet_socket_address_new_from_string (local, 0);
  GSource *source;

  query_route ();
  loop_socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_socket_set_blocking (loop_socket, FALSE);
  if (!g_socket_bind (loop_socket, from, FALSE, NULL) ||
      !g_socket_connect (loop_socket, to, NULL, NULL))
    g_error ("cannot connect");
  source = g_socket_create_source (loop_socket, G_IO_IN, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_answer), NULL, NULL);
  g_source_attach (source, NULL);
  return source;
}

static void
loop_close (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
  g_clear_object (&loop_socket);
}

/* If fd is -1, uses the main loop. */
static void
exchange (int fd, const guint8 *request, gsize len)
{
  guint8 answer[1500];

  if (fd < 0)
    {
      loop_answered = FALSE;
      if (g_socket_send (loop_socket, (const char *) request, len, NULL, NULL) != (gssize) len)
        g_error ("cannot send");
      while (!loop_answered)
        g_main_context_iteration (NULL, TRUE);
      return;
    }

  if (send (fd, request, len, 0) != (gssize) len || recv (fd, answer, sizeof answer, 0) < 4 ||
      answer[3] != 0)
    g_error ("no good answer");
}

static void
put_client (guint8 *packet)
{
  packet[18] = packet[19] = 0xff;
  inet_pton (AF_INET, local, packet + 20);
}

static void
bare_pcp (guint n, int fd)
{
  guint8 announce[24] = { 2, 0 };

  put_client (announce);
  exchange (fd, announce, sizeof announce);
  for (guint i = 0; i < n; i++)
    {
      guint16 port = g_htons ((guint16) (40000 + i));
      guint8 map[60] = { 2, 1, 0, 0, 0, 0, 0x1c, 0x20 };

      put_client (map);
      memcpy (map + 24, "bench", 5);
      memcpy (map + 30, &port, 2);
      map[36] = 6;
      memcpy (map + 40, &port, 2);
      memcpy (map + 42, &port, 2);
      map[54] = map[55] = 0xff;
      exchange (fd, map, sizeof map);
    }
}

static void
bare_natpmp (guint n, int fd)
{
  guint8 external[2] = { 0, 0 };

  exchange (fd, external, sizeof external);
  for (guint i = 0; i < n; i++)
    {
      guint16 port = g_htons ((guint16) (40000 + i));
      guint8 map[12] = { 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x1c, 0x20 };

      memcpy (map + 4, &port, 2);
      memcpy (map + 6, &port, 2);
      exchange (fd, map, sizeof map);
    }
}

/* Sends one request on a new connection. (transfer full) */
static char *
http (guint16 port, const char *text)
{
  int fd = connect_to (SOCK_STREAM, port);
  GString *answer = g_string_new (NULL);
  char part[4096];
  gssize n;

  if (send (fd, text, strlen (text), 0) < 0)
    g_error ("cannot send");
  while ((n = recv (fd, part, sizeof part, 0)) > 0)
    g_string_append_len (answer, part, n);

  close (fd);
  return g_string_free (answer, FALSE);
}

static char *
text_between (const char *text, const char *before, const char *after)
{
  const char *start = strstr (text, before);
  const char *end = start != NULL ? strstr (start + strlen (before), after) : NULL;

  if (end == NULL)
    g_error ("no %s in the answer", before);
  start += strlen (before);
  return g_strndup (start, (gsize) (end - start));
}

static void
soap (guint16 port, const char *path, const char *type, const char *action, const char *arguments)
{
  g_autofree char *body = g_strdup_printf (
    "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>"
    "<u:%s xmlns:u=\"%s\">%s</u:%s></s:Body></s:Envelope>",
    action, type, arguments, action);
  g_autofree char *request = g_strdup_printf (
    "POST %s HTTP/1.1\r\nHost: %s:%u\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"
    "SOAPAction: \"%s#%s\"\r\nContent-Length: %u\r\nConnection: close\r\n\r\n%s",
    path, gateway, port, type, action, (guint) strlen (body), body);
  g_autofree char *answer = http (port, request);

  if (strstr (answer, " 200 ") == NULL)
    g_error ("%s: %s", action, answer);
}

static void
bare_upnp (guint n)
{
  const char *search = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
                       "MAN: \"ssdp:discover\"\r\nMX: 1\r\n"
                       "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";
  struct sockaddr_in to = address_of (gateway, 1900);
  g_autofree char *location = NULL;
  g_autofree char *get = NULL;
  g_autofree char *description = NULL;
  g_autofree char *type = NULL;
  g_autofree char *path = NULL;
  g_autofree char *service = NULL;
  const char *slash;
  char answer[2048];
  guint16 port;
  gssize length;
  int fd = socket (AF_INET, SOCK_DGRAM, 0);

  sendto (fd, search, strlen (search), 0, (struct sockaddr *) &to, sizeof to);
  length = recv (fd, answer, sizeof answer - 1, 0);
  close (fd);
  if (length <= 0)
    g_error ("no answer to the search");
  answer[length] = '\0';
  for (char *p = answer; *p != '\0'; p++)
    if (g_ascii_strncasecmp (p, "\nlocation:", 10) == 0)
      location = g_strstrip (g_strndup (p + 10, strcspn (p + 10, "\r\n")));
  if (location == NULL || !g_str_has_prefix (location, "http://"))
    g_error ("no location");

  slash = strchr (location + 7, '/');
  port = (guint16) atoi (strchr (location + 7, ':') + 1);
  get = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: close\r\n\r\n", slash,
                         gateway, port);
  description = http (port, get);
  type =
    text_between (description,
                  "<serviceType>urn:schemas-upnp-org:service:WANIPConnection:", "</serviceType>");
  service = g_strconcat ("urn:schemas-upnp-org:service:WANIPConnection:", type, NULL);
  path = text_between (strstr (description, service), "<controlURL>", "</controlURL>");

  soap (port, path, service, "GetStatusInfo", "");
  soap (port, path, service, "GetExternalIPAddress", "");
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *arguments =
        g_strdup_printf ("<NewRemoteHost></NewRemoteHost><NewExternalPort>%u</NewExternalPort>"
                         "<NewProtocol>TCP</NewProtocol><NewInternalPort>%u</NewInternalPort>"
                         "<NewInternalClient>%s</NewInternalClient><NewEnabled>1</NewEnabled>"
                         "<NewPortMappingDescription>bench</NewPortMappingDescription>"
                         "<NewLeaseDuration>7200</NewLeaseDuration>",
                         40000 + i, 40000 + i, local);

      soap (port, path, service, "AddPortMapping", arguments);
    }
}

static void
bare (const char *what, guint n)
{
  void (*datagrams) (guint, int) = g_str_has_suffix (what, "natpmp") ? bare_natpmp : bare_pcp;

  if (g_str_equal (what, "upnp"))
    bare_upnp (n);
  else if (g_str_has_prefix (what, "raw"))
    {
      int fd = connect_to (SOCK_DGRAM, 5351);

      datagrams (n, fd);
      close (fd);
    }
  else
    {
      GSource *source = loop_open ();

      datagrams (n, -1);
      loop_close (source);
    }
}

int
main (int argc, char **argv)
{
  guint n, runs;

  if (argc == 1)
    {
      g_type_ensure (G_TYPE_SOCKET);
      return 0;
    }
  if (argc != 6)
    return 2;

  gateway = argv[2];
  local = argv[3];
  n = (guint) atoi (argv[4]);
  runs = (guint) atoi (argv[5]);
  for (guint run = 0; run < runs; run++)
    {
      gint64 start = g_get_monotonic_time ();

      bare (argv[1], n);
      g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - start);
    }

  return 0;
}
