/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "json.h"

#include <plum-glib/plum-glib.h>

char *describe_router (PlumGateway *gateway);
char *describe_connection (PlumGateway *gateway);
void describe_router_json (JsonWriter *json, PlumGateway *gateway);
