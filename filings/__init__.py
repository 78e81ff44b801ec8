"""Floor 7: claims that come by files of insurers and village officers, with their papers in archives."""
