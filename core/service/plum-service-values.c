/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-service-values-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_STATIC_ASSERT ((int) PLUM_SERVICE_TCP == (int) PLUM_PROTOCOL_TCP);
G_STATIC_ASSERT ((int) PLUM_SERVICE_UDP == (int) PLUM_PROTOCOL_UDP);
G_STATIC_ASSERT ((int) PLUM_SERVICE_DESTROYED == (int) PLUM_STATE_DESTROYED);
G_STATIC_ASSERT ((int) PLUM_SERVICE_DESTROYING == (int) PLUM_STATE_DESTROYING);
G_STATIC_ASSERT ((int) PLUM_SERVICE_SCOPE_PUBLIC == (int) PLUM_ADDRESS_SCOPE_PUBLIC);
G_STATIC_ASSERT ((int) PLUM_SERVICE_LOG_NONE == (int) PLUM_LOG_LEVEL_NONE);
G_STATIC_ASSERT (PLUM_SERVICE_FOREVER == PLUM_LIFETIME_FOREVER);

const char *
plum_service_error_text (int error)
{
  switch (error)
    {
    case PLUM_SERVICE_ERROR_INVALID_ARGUMENT:
      return _ ("Invalid argument");
    case PLUM_SERVICE_ERROR_CLOSED:
      return _ ("The service is closed");
    case PLUM_SERVICE_ERROR_NOT_FOUND:
      return _ ("There is no such mapping");
    case PLUM_SERVICE_ERROR_WOULD_BLOCK:
      return _ ("A callback cannot wait for its own service");
    case PLUM_SERVICE_ERROR_TIMED_OUT:
      return _ ("Timed out");
    case PLUM_SERVICE_ERROR_NO_GATEWAY:
      return _ ("No router is reached");
    case PLUM_SERVICE_ERROR_NO_BACKEND:
      return _ ("The router does not support port mapping");
    case PLUM_SERVICE_ERROR_REFUSED:
      return _ ("The router refused the mapping");
    case PLUM_SERVICE_ERROR_CONFLICT:
      return _ ("The external port is not available");
    case PLUM_SERVICE_ERROR_NO_RESOURCES:
      return _ (
        "The router cannot map the port now: its table is full, or it has no public address");
    case PLUM_SERVICE_ERROR_NOT_SUPPORTED:
      return _ ("Not supported");
    case PLUM_SERVICE_ERROR_MALFORMED:
      return _ ("The answer of the router is invalid");
    case PLUM_SERVICE_ERROR_DESTROYED:
      return _ ("The mapping was unmapped");
    case PLUM_SERVICE_ERROR_MODULE:
      return _ ("A backend could not be loaded");
    case PLUM_SERVICE_ERROR_NETWORK:
      return _ ("Network error");
    default:
      return error >= 0 ? _ ("Success") : _ ("Failed");
    }
}

static PlumServiceError
error_from_plum (int code)
{
  switch (code)
    {
    case PLUM_ERROR_NO_GATEWAY:
      return PLUM_SERVICE_ERROR_NO_GATEWAY;
    case PLUM_ERROR_NO_BACKEND:
      return PLUM_SERVICE_ERROR_NO_BACKEND;
    case PLUM_ERROR_TIMED_OUT:
      return PLUM_SERVICE_ERROR_TIMED_OUT;
    case PLUM_ERROR_REFUSED:
      return PLUM_SERVICE_ERROR_REFUSED;
    case PLUM_ERROR_CONFLICT:
      return PLUM_SERVICE_ERROR_CONFLICT;
    case PLUM_ERROR_NO_RESOURCES:
      return PLUM_SERVICE_ERROR_NO_RESOURCES;
    case PLUM_ERROR_NOT_SUPPORTED:
      return PLUM_SERVICE_ERROR_NOT_SUPPORTED;
    case PLUM_ERROR_MALFORMED:
      return PLUM_SERVICE_ERROR_MALFORMED;
    case PLUM_ERROR_DESTROYED:
      return PLUM_SERVICE_ERROR_DESTROYED;
    case PLUM_ERROR_MODULE:
      return PLUM_SERVICE_ERROR_MODULE;
    default:
      return PLUM_SERVICE_ERROR_FAILED;
    }
}

PlumServiceError
plum_service_error_from_gerror (const GError *error)
{
  if (error == NULL)
    return PLUM_SERVICE_OK;
  if (error->domain == PLUM_ERROR)
    return error_from_plum (error->code);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return PLUM_SERVICE_ERROR_CLOSED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    return PLUM_SERVICE_ERROR_INVALID_ARGUMENT;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    return PLUM_SERVICE_ERROR_NO_GATEWAY;
  if (error->domain == G_IO_ERROR)
    return PLUM_SERVICE_ERROR_NETWORK;

  return PLUM_SERVICE_ERROR_FAILED;
}

void
plum_service_copy_text (char *to, gsize size, const char *from)
{
  const char *end;

  if (size == 0)
    return;

  g_strlcpy (to, from != NULL ? from : "", size);
  /* Truncation may have cut a character. */
  if (!g_utf8_validate (to, -1, &end))
    to[end - to] = '\0';
}

void
plum_service_copy_message (char *to, gsize size, const char *from)
{
  gsize length;

  plum_service_copy_text (to, size, from);
  length = strlen (to);
  if (from == NULL || from[length] == '\0')
    return;

  /* The parts of a message, such as those of several backends, are separated by "; ". */
  for (gsize end = length; end > length / 2; end--)
    if (from[end] == ' ' && (to[end - 1] == '.' || to[end - 1] == ';'))
      {
        to[to[end - 1] == ';' ? end - 1 : end] = '\0';
        return;
      }
}

gboolean
plum_service_read_struct (gpointer to, gsize to_size, gconstpointer from)
{
  const char *bytes = from;
  gsize size;

  memcpy (&size, from, sizeof size);
  if (size <= sizeof size)
    return FALSE;
  for (gsize i = to_size; i < size; i++)
    if (bytes[i] != 0)
      return FALSE;

  memcpy (to, from, MIN (size, to_size));
  return TRUE;
}

gboolean
plum_service_write_mapping (PlumServiceMapping *to, const PlumServiceMapping *from)
{
  gsize size = to->size;

  if (size <= sizeof size)
    return FALSE;

  memcpy (to, from, MIN (size, sizeof *from));
  to->size = MIN (size, sizeof *from);
  return TRUE;
}

static void
init_struct (gpointer to, gsize size)
{
  memset (to, 0, size);
  memcpy (to, &size, sizeof size);
}

void
plum_service_config_init (PlumServiceConfig *config, size_t size)
{
  init_struct (config, size);
  if (size >= G_STRUCT_OFFSET (PlumServiceConfig, log_level) + sizeof config->log_level)
    config->log_level = PLUM_SERVICE_LOG_INFO;
}

void
plum_service_request_init (PlumServiceRequest *request, size_t size)
{
  init_struct (request, size);
}
