"""A folder of photos in, a folder of clean photos out, with every input accounted for."""
