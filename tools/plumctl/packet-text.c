/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Describes a datagram or a segment of a stream in a few words. The description depends only on
 * the bytes: the backends decide whether they are valid. */

#include "packet-text.h"

#include <string.h>

#define MAX_WORD 80 /* of a line received from the network */

#define PCP_VERSION 2
#define PCP_HEADER_SIZE 24
#define PCP_MAP_SIZE 60
#define NATPMP_MAP_REQUEST_SIZE 12
#define NATPMP_MAP_ANSWER_SIZE 16
#define NATPMP_ADDRESS_SIZE 12
#define ANSWER 0x80
#define PCP_ADDRESS_MISMATCH 12

typedef struct
{
  const guint8 *data;
  gsize size;
} Packet;

/* RFC 6887 section 7.4. */
static const char *const pcp_results[] = {
  "SUCCESS",          "UNSUPP_VERSION",         "NOT_AUTHORIZED",   "MALFORMED_REQUEST",
  "UNSUPP_OPCODE",    "UNSUPP_OPTION",          "MALFORMED_OPTION", "NETWORK_FAILURE",
  "NO_RESOURCES",     "UNSUPP_PROTOCOL",        "USER_EX_QUOTA",    "CANNOT_PROVIDE_EXTERNAL",
  "ADDRESS_MISMATCH", "EXCESSIVE_REMOTE_PEERS",
};

/* RFC 6886 section 3.5. */
static const char *const natpmp_results[] = {
  "success",         "unsupported version", "not authorized",
  "network failure", "out of resources",    "unsupported opcode",
};

/* Reads a big-endian number; missing bytes are 0. */
static guint32
read_number (const Packet *packet, gsize offset, gsize size)
{
  guint32 number = 0;

  for (gsize i = offset; i < offset + size; i++)
    number = number << 8 | (i < packet->size ? packet->data[i] : 0);
  return number;
}

static char *
name_result (const char *const *names, gsize n_names, guint result)
{
  return g_strdup_printf ("%s (%u)", result < n_names ? names[result] : "unknown result", result);
}

static const char *
name_protocol (guint number)
{
  return number == 6 ? "tcp" : number == 17 ? "udp" : "protocol ?";
}

/* --- PCP (RFC 6887) --- */

static char *
describe_pcp_map_request (const Packet *packet)
{
  const char *protocol = name_protocol (read_number (packet, 36, 1));
  guint internal_port = read_number (packet, 40, 2);
  guint external_port = read_number (packet, 42, 2);
  guint lifetime = read_number (packet, 4, 4);

  if (lifetime == 0)
    return g_strdup_printf ("PCP: remove %s:%u", protocol, internal_port);
  if (external_port == 0)
    return g_strdup_printf ("PCP: map %s:%u for %u s", protocol, internal_port, lifetime);
  return g_strdup_printf ("PCP: map %s:%u:%u for %u s", protocol, internal_port, external_port,
                          lifetime);
}

static char *
describe_pcp_map_answer (const Packet *packet, const char *result)
{
  gboolean v4 = read_number (packet, 44, 4) == 0 && read_number (packet, 48, 4) == 0 &&
                read_number (packet, 52, 4) == 0xffff;
  g_autoptr (GInetAddress) address =
    g_inet_address_new_from_bytes (packet->data + (v4 ? 56 : 44),
                                   v4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autofree char *host = g_inet_address_to_string (address);
  const char *protocol = name_protocol (read_number (packet, 36, 1));
  guint internal_port = read_number (packet, 40, 2);
  guint lifetime = read_number (packet, 4, 4);

  if (read_number (packet, 3, 1) != 0 || lifetime == 0)
    return g_strdup_printf ("PCP: %s for %s:%u, lifetime %u s, epoch %u s", result, protocol,
                            internal_port, lifetime, read_number (packet, 8, 4));

  return g_strdup_printf ("PCP: %s: %s:%u is %s%s%s:%u for %u s, epoch %u s", result, protocol,
                          internal_port, v4 ? "" : "[", host, v4 ? "" : "]",
                          read_number (packet, 42, 2), lifetime, read_number (packet, 8, 4));
}

static char *
describe_pcp (const Packet *packet)
{
  guint opcode = read_number (packet, 1, 1);
  gboolean map = (opcode & ~(guint) ANSWER) == 1 && packet->size >= PCP_MAP_SIZE;
  g_autofree char *result = NULL;

  if ((opcode & ANSWER) == 0)
    return map           ? describe_pcp_map_request (packet)
           : opcode == 0 ? g_strdup ("PCP: announce")
                         : g_strdup_printf ("PCP: request with opcode %u", opcode);

  result = name_result (pcp_results, G_N_ELEMENTS (pcp_results), read_number (packet, 3, 1));
  return map ? describe_pcp_map_answer (packet, result)
             : g_strdup_printf ("PCP: %s, epoch %u s", result, read_number (packet, 8, 4));
}

/* --- NAT-PMP (RFC 6886) --- */

static char *
describe_natpmp_request (const Packet *packet, guint opcode)
{
  const char *protocol = opcode == 1 ? "udp" : "tcp";
  guint external_port = read_number (packet, 6, 2);
  guint lifetime = read_number (packet, 8, 4);

  if (opcode == 0)
    return g_strdup ("NAT-PMP: external address request");
  if (opcode > 2 || packet->size < NATPMP_MAP_REQUEST_SIZE)
    return g_strdup_printf ("NAT-PMP: request with opcode %u", opcode);
  if (lifetime == 0)
    return g_strdup_printf ("NAT-PMP: remove %s:%u", protocol, read_number (packet, 4, 2));
  return g_strdup_printf ("NAT-PMP: map %s:%u:%u for %u s", protocol, read_number (packet, 4, 2),
                          external_port, lifetime);
}

static char *
describe_natpmp_answer (const Packet *packet, guint opcode)
{
  guint code = read_number (packet, 2, 2);
  guint epoch = read_number (packet, 4, 4);
  g_autofree char *result = name_result (natpmp_results, G_N_ELEMENTS (natpmp_results), code);

  if (opcode == 0 && code == 0 && packet->size >= NATPMP_ADDRESS_SIZE)
    {
      g_autoptr (GInetAddress) address =
        g_inet_address_new_from_bytes (packet->data + 8, G_SOCKET_FAMILY_IPV4);
      g_autofree char *host = g_inet_address_to_string (address);

      return g_strdup_printf ("NAT-PMP: %s: the external address is %s, epoch %u s", result, host,
                              epoch);
    }

  if ((opcode == 1 || opcode == 2) && code == 0 && packet->size >= NATPMP_MAP_ANSWER_SIZE)
    return g_strdup_printf ("NAT-PMP: %s: %s:%u is port %u for %u s, epoch %u s", result,
                            opcode == 1 ? "udp" : "tcp", read_number (packet, 8, 2),
                            read_number (packet, 10, 2), read_number (packet, 12, 4), epoch);

  return g_strdup_printf ("NAT-PMP: %s, epoch %u s", result, epoch);
}

/* --- SSDP and HTTP --- */

/* The line at @start, without its line terminator. */
static char *
dup_line (const char *start, const char *end)
{
  const char *stop = start;

  while (stop < end && *stop != '\r' && *stop != '\n' && stop - start < MAX_WORD)
    stop++;
  return g_strndup (start, (gsize) (stop - start));
}

/* The value of the first header with this name; NULL if there is none. */
static char *
dup_header (const char *text, gsize length, const char *name)
{
  const char *end = text + length;
  gsize name_length = strlen (name);

  for (const char *line = text; line != NULL && line < end;)
    {
      if ((gsize) (end - line) > name_length && line[name_length] == ':' &&
          g_ascii_strncasecmp (line, name, name_length) == 0)
        return g_strstrip (dup_line (line + name_length + 1, end));

      line = memchr (line, '\n', (gsize) (end - line));
      line = line != NULL ? line + 1 : NULL;
    }

  return NULL;
}

/* "urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping", optionally in quotes. */
static const char *
extract_action (char *header)
{
  char *hash = header != NULL ? strrchr (header, '#') : NULL;

  if (hash == NULL)
    return NULL;
  g_strdelimit (hash, "\"", '\0');
  return hash + 1;
}

static char *
dup_error_code (const char *text, gsize length)
{
  static const char tag[] = "<errorCode>";
  const char *found = g_strstr_len (text, (gssize) length, tag);
  const char *end = text + length;
  const char *stop;

  if (found == NULL)
    return NULL;

  found += sizeof tag - 1;
  for (stop = found; stop < end && (g_ascii_isdigit (*stop) || *stop == '-'); stop++)
    ;
  return g_strndup (found, (gsize) (stop - found));
}

static char *
describe_text (const Packet *packet)
{
  const char *text = (const char *) packet->data;
  g_autofree char *line = dup_line (text, text + packet->size);
  g_autofree char *header = dup_header (text, packet->size, "SOAPAction");
  g_autofree char *target = dup_header (text, packet->size, "ST");
  g_autofree char *kind = dup_header (text, packet->size, "NTS");
  g_autofree char *error_code = dup_error_code (text, packet->size);
  const char *action = extract_action (header);

  if (action != NULL)
    return g_strdup_printf ("%s: %s", line, action);
  if (error_code != NULL)
    return g_strdup_printf ("%s: error %s", line, error_code);
  if (target != NULL)
    return g_strdup_printf ("%s: %s", line, target);
  if (kind != NULL)
    return g_strdup_printf ("%s: %s", line, kind);
  return g_steal_pointer (&line);
}

/* NULL: the bytes cannot be described, such as a later segment of a stream. */
char *
packet_text_describe (GBytes *bytes)
{
  Packet packet;
  guint8 opcode;

  packet.data = g_bytes_get_data (bytes, &packet.size);
  if (packet.size < 2)
    return NULL;

  opcode = packet.data[1];
  if (packet.data[0] == PCP_VERSION && packet.size >= PCP_HEADER_SIZE)
    return describe_pcp (&packet);
  if (packet.data[0] == 0)
    return (opcode & ANSWER) == 0 ? describe_natpmp_request (&packet, opcode)
                                  : describe_natpmp_answer (&packet, opcode & ~(guint) ANSWER);
  if (g_ascii_isupper (packet.data[0]) && (g_ascii_isupper (opcode) || opcode == '-'))
    return describe_text (&packet);
  return NULL;
}

/* Whether a PCP server reports that another device translates the client's packets (RFC 6887
 * 8.2). The other protocols cannot report this. */
gboolean
packet_text_is_address_mismatch (GBytes *bytes)
{
  Packet packet = { g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes) };

  return packet.size >= PCP_HEADER_SIZE && read_number (&packet, 0, 1) == PCP_VERSION &&
         (read_number (&packet, 1, 1) & ANSWER) != 0 &&
         read_number (&packet, 3, 1) == PCP_ADDRESS_MISMATCH;
}
