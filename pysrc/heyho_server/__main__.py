import sys

from heyho_server.cli import main

sys.exit(main())
