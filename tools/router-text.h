/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

char *router_text_join (const char *manufacturer, const char *model);
char *router_text_dup_name (PlumGateway *gateway);
