"""`python -m denoisectl` is the `denoisectl` command."""

from denoisectl.cli.main import main

if __name__ == "__main__":
    main()
