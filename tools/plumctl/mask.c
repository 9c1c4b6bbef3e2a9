/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mask.h"

#include <string.h>

#define IPV4_TEXT_MIN 7
#define IPV4_TEXT_MAX 15

/* By the length of the text; all in 1.0.0.0/8, 11.0.0.0/8 and 111.0.0.0/8. */
static const char *const ipv4_stand_ins[] = {
  "1.2.3.4",      "1.2.3.40",      "1.2.3.140",      "1.2.30.140",      "1.2.130.140",
  "1.20.130.140", "1.120.130.140", "11.120.130.140", "111.120.130.140",
};

/* Keeps the first group, which tells the scope, and zeroes the digits of all others. */
static char *
mask_ipv6_text (const char *text)
{
  char *masked = g_strdup (text);
  char *rest = strchr (masked, ':');

  for (; rest != NULL && *rest != '\0'; rest++)
    if (*rest != ':')
      *rest = '0';

  return masked;
}

/* The stand-in, or NULL if @address may be shown. */
static char *
get_stand_in (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  size_t length = strlen (text);

  if (address == NULL || plum_address_get_scope (address) != PLUM_ADDRESS_SCOPE_PUBLIC)
    return NULL;
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    return mask_ipv6_text (text);

  return g_strdup (ipv4_stand_ins[CLAMP (length, IPV4_TEXT_MIN, IPV4_TEXT_MAX) - IPV4_TEXT_MIN]);
}

/* Gives a new reference; to @address itself if that may be shown. */
GInetAddress *
mask_address (GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address);
  g_autofree char *stand_in = get_stand_in (text);

  return stand_in != NULL ? g_inet_address_new_from_string (stand_in) : g_object_ref (address);
}

static gboolean
is_address_char (char c)
{
  return g_ascii_isxdigit (c) || c == '.' || c == ':';
}

/* "192.0.2.1:80" is an address and a port: the length of what is the address. */
static size_t
get_address_length (const char *run, size_t length)
{
  const char *colon = memchr (run, ':', length);
  gboolean has_dot = memchr (run, '.', length) != NULL;

  return has_dot && colon != NULL ? (size_t) (colon - run) : length;
}

/* Replaces every public address literal in place. */
static void
mask_literals (char *text, size_t length)
{
  size_t i = 0;

  while (i < length)
    {
      g_autofree char *literal = NULL;
      g_autofree char *stand_in = NULL;
      size_t n = 0;

      while (i + n < length && is_address_char (text[i + n]))
        n++;
      if (n == 0)
        {
          i++;
          continue;
        }

      literal = g_strndup (text + i, get_address_length (text + i, n));
      stand_in = get_stand_in (literal);
      for (size_t j = 0; stand_in != NULL && j < strlen (stand_in); j++)
        text[i + j] = stand_in[j];
      i += n;
    }
}

char *
mask_text (const char *text)
{
  char *masked = g_strdup (text);

  mask_literals (masked, strlen (masked));
  return masked;
}

/* Replaces @address's own bytes in place. */
static void
mask_binary (char *data, size_t length, GInetAddress *address)
{
  g_autoptr (GInetAddress) stand_in = mask_address (address);
  const guint8 *wanted = g_inet_address_to_bytes (address);
  const guint8 *replacement = g_inet_address_to_bytes (stand_in);
  size_t size = g_inet_address_get_native_size (address);

  for (size_t i = 0; length >= size && i <= length - size; i++)
    if (memcmp (data + i, wanted, size) == 0)
      for (size_t j = 0; j < size; j++)
        data[i + j] = (char) replacement[j];
}

/* Replaces the address that a packet has at @offset. PCP writes IPv4 as IPv6 does. */
static void
mask_field (char *data, size_t length, size_t offset, GSocketFamily family)
{
  static const char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (char) 0xff, (char) 0xff };
  size_t size = family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;
  g_autoptr (GInetAddress) address = NULL;

  if (length < offset + size)
    return;

  if (size == 16 && memcmp (data + offset, mapped, sizeof mapped) == 0)
    {
      mask_field (data, length, offset + sizeof mapped, G_SOCKET_FAMILY_IPV4);
      return;
    }

  address = g_inet_address_new_from_bytes ((const guint8 *) data + offset, family);
  mask_binary (data + offset, size, address);
}

/* Where RFC 6887 (7.1, 11.1) and RFC 6886 (3.2) have addresses. */
static void
mask_fields (char *data, size_t length)
{
  if (data[0] == 2 && length >= 24)
    {
      if ((data[1] & 0x80) == 0)
        mask_field (data, length, 8, G_SOCKET_FAMILY_IPV6);
      mask_field (data, length, 44, G_SOCKET_FAMILY_IPV6);
    }
  else if (data[0] == 0 && length == 12 && (guint8) data[1] == 0x80)
    {
      mask_field (data, length, 8, G_SOCKET_FAMILY_IPV4);
    }
}

/* @addresses: those that binary packets may hold elsewhere. */
GBytes *
mask_bytes (GBytes *bytes, GPtrArray *addresses)
{
  size_t length;
  const char *data = g_bytes_get_data (bytes, &length);
  char *masked = g_memdup2 (data, length);

  /* SSDP and HTTP have no zero byte, or pad with some; PCP and NAT-PMP are never without. */
  mask_literals (masked, length);
  if (length >= 2 && memchr (data, 0, length) != NULL)
    {
      mask_fields (masked, length);
      for (guint i = 0; i < addresses->len; i++)
        mask_binary (masked, length, addresses->pdata[i]);
    }

  return g_bytes_new_take (masked, length);
}
