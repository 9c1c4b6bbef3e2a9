/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

/* The options for the hosts at both ends of a mapping. Each command lists those that it accepts. */
typedef struct
{
  char **from; /* (nullable): each argument of --from */
  char *host;
} HostOptions;

extern HostOptions host_options;

#define HOST_OPTION_FROM                                                                           \
  {                                                                                                \
    "from", 0, 0, G_OPTION_ARG_STRING_ARRAY, &host_options.from,                                   \
      N_ ("Accept connections only from this host or network (repeatable)"),                       \
      N_ ("ADDRESS[/LENGTH]")                                                                      \
  }
#define HOST_OPTION_FOR(description)                                                               \
  {                                                                                                \
    "for", 0, 0, G_OPTION_ARG_STRING, &host_options.host, (description), N_ ("ADDRESS")            \
  }

/* Reports a value that is not valid, and returns FALSE. The results are (nullable): NULL without
 * the option. from: (element-type GInetAddressMask). family: of the values; unchanged without any.
 */
gboolean host_options_parse (GListModel **from, GInetAddress **host, GSocketFamily *family);
