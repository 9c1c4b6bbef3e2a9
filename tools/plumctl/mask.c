/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mask.h"

#include <string.h>

#define IPV4_TEXT_MIN 7
#define IPV4_TEXT_MAX 15

/* Indexed by the length of the text; all in 1.0.0.0/8, 11.0.0.0/8 and 111.0.0.0/8. */
static const char *const ipv4_replacements[] = {
  "1.2.3.4",      "1.2.3.40",      "1.2.3.140",      "1.2.30.140",      "1.2.130.140",
  "1.20.130.140", "1.120.130.140", "11.120.130.140", "111.120.130.140",
};

/* Keeps the first group, which determines the scope, and zeroes all other digits. */
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

/* The replacement, or NULL if @address need not be masked. */
static char *
dup_replacement (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  size_t length = strlen (text);

  if (address == NULL || plum_address_get_scope (address) != PLUM_ADDRESS_SCOPE_PUBLIC)
    return NULL;
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    return mask_ipv6_text (text);

  return g_strdup (ipv4_replacements[CLAMP (length, IPV4_TEXT_MIN, IPV4_TEXT_MAX) - IPV4_TEXT_MIN]);
}

/* Returns: (transfer full): @address itself if it need not be masked. */
GInetAddress *
mask_address (GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address);
  g_autofree char *new_text = dup_replacement (text);

  return new_text != NULL ? g_inet_address_new_from_string (new_text) : g_object_ref (address);
}

static gboolean
is_address_char (char c)
{
  return g_ascii_isxdigit (c) || c == '.' || c == ':';
}

/* The length of the address in "192.0.2.1:80", an address and a port. */
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
      g_autofree char *new_text = NULL;
      size_t n = 0;

      while (i + n < length && is_address_char (text[i + n]))
        n++;
      if (n == 0)
        {
          i++;
          continue;
        }

      literal = g_strndup (text + i, get_address_length (text + i, n));
      new_text = dup_replacement (literal);
      for (size_t j = 0; new_text != NULL && j < strlen (new_text); j++)
        text[i + j] = new_text[j];
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

/* Replaces the bytes of @address in place. */
static void
mask_binary (char *data, size_t length, GInetAddress *address)
{
  g_autoptr (GInetAddress) new_text = mask_address (address);
  const guint8 *old_bytes = g_inet_address_to_bytes (address);
  const guint8 *new_bytes = g_inet_address_to_bytes (new_text);
  size_t size = g_inet_address_get_native_size (address);

  for (size_t i = 0; length >= size && i <= length - size; i++)
    if (memcmp (data + i, old_bytes, size) == 0)
      for (size_t j = 0; j < size; j++)
        data[i + j] = (char) new_bytes[j];
}

/* Replaces the address at @offset in place. PCP uses IPv4-mapped IPv6 addresses. */
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

/* The address fields of RFC 6887 (7.1, 11.1) and RFC 6886 (3.2). */
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

/* @addresses: addresses that binary packets may contain in other places. */
GBytes *
mask_bytes (GBytes *bytes, GPtrArray *addresses)
{
  size_t length;
  const char *data = g_bytes_get_data (bytes, &length);
  char *masked = g_memdup2 (data, length);

  /* SSDP and HTTP contain no zero bytes, or only as padding; PCP and NAT-PMP always contain one. */
  mask_literals (masked, length);
  if (length >= 2 && memchr (data, 0, length) != NULL)
    {
      mask_fields (masked, length);
      for (guint i = 0; i < addresses->len; i++)
        mask_binary (masked, length, addresses->pdata[i]);
    }

  return g_bytes_new_take (masked, length);
}
